// Completes an image's answer on its way out, whether it comes from the cache, from S3 or from the API.
// Vary: the format may have been picked by Accept, which the cached variant cannot know: its path names the format.
// And what a browser has kept for a plain <img> lacks the headers that a page of another origin needs to read pixels.
// Content-Disposition where ?download=name asks for it: the name is no part of the cache key. Only letters, digits and
// a few harmless signs of it survive.
function handler(event) {
  const response = event.response;
  const varies = response.headers.vary ? response.headers.vary.value.split(',').map((name) => name.trim()) : [];
  const named = varies.map((name) => name.toLowerCase());
  const missing = ['Accept', 'Origin'].filter((name) => named.indexOf(name.toLowerCase()) < 0);
  if (named.indexOf('*') < 0) response.headers.vary = { value: varies.concat(missing).join(', ') };
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
