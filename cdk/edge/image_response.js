// Completes an image's answer on its way out, whether it comes from the cache, from S3 or from the API.
// Vary: the format may have been picked by Accept, which the cached variant cannot know: its path names the format.
// And what a browser has kept for a plain <img> lacks the headers that a page of another origin needs to read pixels.
// Content-Disposition where ?download=name asks for it: the name is no part of the cache key.
function handler(event) {
  const headers = event.response.headers;
  const varies = headers.vary ? headers.vary.value.split(',').map((name) => name.trim()).filter(Boolean) : [];
  const named = varies.map((name) => name.toLowerCase());
  const missing = ['Accept', 'Origin'].filter((name) => named.indexOf(name.toLowerCase()) < 0);
  if (named.indexOf('*') < 0) headers.vary = { value: varies.concat(missing).join(', ') };
  const asked = event.request.querystring.download;
  // A 304 has no type, and changes nothing of what the browser has; a 202 says in JSON that there is no picture yet.
  const type = headers['content-type'];
  if (asked && asked.value && type && type.value.startsWith('image/')) {
    headers['content-disposition'] = { value: attachment(decoded(asked.value), type.value) };
  }
  return event.response;
}

// A form and URLSearchParams write a space as +. What is no UTF-8 is no name.
function decoded(text) {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '));
  } catch (error) {
    return '';
  }
}

// The twin of attachment() in functions/serve/responses.py: a change here is a change there, and tests compare the two.
// Characters are counted in the percent-encoded text: engines differ in what the length of an emoji is.
const UNSAFE =
  /[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0/\\:*?"<>|;%]/g;
const LONGEST = 100;

function attachment(name, contentType) {
  const harmless = name.replace(UNSAFE, '_').replace(/^[ .]+|[ .]+$/g, '');
  let characters = encodedCharacters(harmless || 'image').slice(0, LONGEST);
  if (characters.indexOf('.') < 0) {
    characters = characters.concat('.' + contentType.replace('image/', '').replace('jpeg', 'jpg'));
  }
  const plain = characters.map((each) => (/^%[89A-F]/.test(each) ? '_' : decodeURIComponent(each))).join('');
  return 'attachment; filename="' + plain + '"; filename*=UTF-8\'\'' + characters.join('');
}

function encodedCharacters(text) {
  const encoded = encodeURIComponent(text)
    .replace(/[!'()]/g, (sign) => '%' + sign.charCodeAt(0).toString(16).toUpperCase());
  return encoded.match(/(?:%[0-7C-F][0-9A-F]|[^%])(?:%[89AB][0-9A-F])*/g);
}
