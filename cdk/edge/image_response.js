// Adds headers to an image's response, whether it comes from the cache, from S3 or from the API.
// Vary: Accept may have selected the format; the cached variant does not show this, because its path names the format.
// A response that a browser cached for a plain <img> also lacks the headers with which other origins may read pixels.
// Content-Disposition: ?download=name requests it; the name is not part of the cache key.
function handler(event) {
  const headers = event.response.headers;
  const varies = headers.vary ? headers.vary.value.split(',').map((name) => name.trim()).filter(Boolean) : [];
  const named = varies.map((name) => name.toLowerCase());
  const missing = ['Accept', 'Origin'].filter((name) => named.indexOf(name.toLowerCase()) < 0);
  if (named.indexOf('*') < 0) headers.vary = { value: varies.concat(missing).join(', ') };
  const asked = event.request.querystring.download;
  // A 304 has no type and does not change the browser's copy; a 202 says in JSON that there is no picture yet.
  const type = headers['content-type'];
  if (asked && asked.value && type && type.value.startsWith('image/')) {
    headers['content-disposition'] = { value: attachment(decoded(asked.value), type.value) };
  }
  return event.response;
}

// Forms and URLSearchParams encode a space as +. A name that is not UTF-8 is ignored.
function decoded(text) {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '));
  } catch (error) {
    return '';
  }
}

// Implements the same rule as attachment() in functions/serve/responses.py; change both, tests compare them.
// Characters are counted in the percent-encoded text, because engines differ in the length of an emoji.
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
