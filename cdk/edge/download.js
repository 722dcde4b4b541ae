// Adds Content-Disposition where ?download=name asks for it, on the way out: the name is no part of the cache key, and
// a picture that comes straight from S3 gets the header too. Only letters, digits and a few harmless signs survive.
function handler(event) {
  const response = event.response;
  const asked = event.request.querystring.download;
  if (!asked || !asked.value) return response;
  let name = asked.value;
  try {
    name = decodeURIComponent(name);
  } catch (error) {
    name = '';
  }
  name = name.replace(/[^0-9A-Za-z ._()-]/g, '_').slice(0, 100) || 'image';
  response.headers['content-disposition'] = { value: 'attachment; filename="' + name + '"' };
  return response;
}
