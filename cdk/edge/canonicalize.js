// The edge's part of the variant grammar: a CloudFront Function (runtime cloudfront-js-2.0, event viewer-request).
// It turns /images/{id}?width=… into /images/{id}/{canonical}, refuses invalid requests itself, and passes only
// canonical paths. functions/shared/variant.py implements and documents the same grammar; tests compare the two.
// viewer_address.js follows it and calls `rewritten`. Messages never repeat a client's input.
// CloudFront throttles a function that uses too much time, for all viewers, so all input is bounded.

// Placeholders, replaced at synthesis: "ladder" or "exact", the allowed origins (a list), whether their pages may send
// cookies, and the parameters of other image services: pairs of what to use instead and names (functions/shared/peers.py), and
// the stage's presets: pairs of a name and values by parameter.
const SIZES = '__SIZES__';
const ORIGINS = '__ORIGINS__';
const CREDENTIALS = '__CREDENTIALS__';
const PEERS = '__PEERS__';
const PRESETS = '__PRESETS__';

const LONGEST_PATH = 200; // the longest canonical path has 140 characters
const MAX_PARAMETERS = 32; // ten are known; others belong to the page, such as utm_source
const LONGEST_NAME = 39; // the longest name of PEERS with every character percent-encoded
const LONGEST_VALUE = 90; // the longest allowed value, a preset's name of 30 characters, likewise
const LONGEST_DOWNLOAD = 1200; // 100 characters of four bytes, percent-encoded
const LONGEST_ACCEPT = 512; // browsers send 60 to 200 characters
const MAX_ATTRIBUTES = 8; // of one media type, including the type itself

const LADDER = [16, 32, 48, 64, 96, 128, 200, 256, 320, 384, 480, 640, 750, 800, 828, 960,
  1080, 1200, 1280, 1600, 1920, 2048, 2560, 3840];
const LARGEST_SIDE = 3840;
const RATIO_STEPS = 48;
const QUALITY_STEPS = [40, 50, 60, 70, 75, 80, 85, 90, 95];
const FITS = ['contain', 'cover', 'fill', 'inside', 'outside'];
const FORMATS = ['auto', 'avif', 'gif', 'jpeg', 'jpg', 'png', 'webp'];
const BACKGROUNDS = ['black', 'gray', 'transparent', 'white'];
const POINTS = [['center', 8, 8], ['north', 8, 0], ['northeast', 16, 0], ['east', 16, 8], ['southeast', 16, 16],
  ['south', 8, 16], ['southwest', 0, 16], ['west', 0, 8], ['northwest', 0, 0]];
// Every parameter, in the order in which it is checked: its name, its alias, its rule.
const SIDE_RULE = 'must be a whole number from 1 to 999999, in digits 0 to 9.';
const PARAMETERS = [
  ['background', '', oneOf(BACKGROUNDS)],
  ['download', '', 'must be a file name.'],
  ['dpr', '', 'must be a number from 1 to 3 with at most two decimals.'],
  ['fit', '', oneOf(FITS)],
  ['format', 'f', oneOf(FORMATS)],
  ['height', 'h', SIDE_RULE],
  ['position', '', 'must be auto, center, a compass point such as northeast, or x,y from 0 to 16 in sixteenths of ' +
    'the picture.'],
  ['preset', '', 'must be a name of at most 30 characters: a to z, 0 to 9, - and _.'],
  ['quality', 'q', 'must be auto or a whole number from 1 to 100.'],
  ['width', 'w', SIDE_RULE],
];
const TOO_LONG = '\n'; // no rule allows a control character
const ID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}/;
const CACHED_BRIEFLY = 'public, max-age=60';

function oneOf(words) {
  return 'must be one of ' + words.join(', ') + '.';
}

function rewritten(event) {
  const request = event.request;
  if (request.method === 'OPTIONS') return preflight(request.headers.origin);
  if (request.uri.length > LONGEST_PATH) return noVariant();
  const parts = request.uri.split('/'); // "", "images", id, canonical
  if (parts.length < 3 || parts.length > 4 || parts[1] !== 'images' || parts[2].length !== 26 || !ID.test(parts[2])) {
    return problem(404, 'Not Found', 'There is no image with this id.');
  }
  try {
    const pairs = decodedPairs(request.querystring);
    if (parts.length === 4) {
      if (!isCanonical(parts[3])) return noVariant();
      knownParameters(pairs.filter(pair => pair[0] === 'download'));
    } else {
      checkNames(pairs);
      const variant = normalised(withPreset(knownParameters(pairs)), acceptedFormat(acceptOf(request)));
      request.uri = '/images/' + parts[2] + '/' + canonical(variant);
    }
  } catch (error) {
    if (!error.parameter) throw error;
    return problem(400, 'Bad Request', error.parameter + ' ' + error.rule, error.parameter);
  }
  request.querystring = onlyDownload(request.querystring);
  // One viewer's headers must not affect a response that is shared by all, such as a refusal by the firewall.
  request.headers.accept = { value: '*/*' };
  delete request.headers['x-forwarded-for'];
  return request;
}

// S3 receives neither Origin nor the requested method, so it refuses preflights. The response headers policy sets the
// same headers, but the documentation does not say whether it applies to a function's response.
function preflight(origin) {
  const headers = { 'cache-control': { value: 'no-store' }, vary: { value: 'Origin' } };
  const any = ORIGINS.indexOf('*') >= 0;
  if (origin && (any || ORIGINS.indexOf(origin.value) >= 0)) {
    headers['access-control-allow-origin'] = { value: any ? '*' : origin.value };
    headers['access-control-allow-methods'] = { value: 'GET, HEAD, OPTIONS' };
    headers['access-control-allow-headers'] = { value: 'Content-Type, Idempotency-Key' };
    headers['access-control-max-age'] = { value: '3600' };
    if (CREDENTIALS) headers['access-control-allow-credentials'] = { value: 'true' };
  }
  return { statusCode: 204, statusDescription: 'No Content', headers: headers };
}

function noVariant() {
  return problem(404, 'Not Found', 'The path does not name a variant in its canonical spelling.');
}

function problem(status, title, detail, parameter) {
  const document = { type: 'about:blank', title: title, status: status, detail: detail };
  if (parameter) document.parameter = parameter;
  return {
    statusCode: status,
    statusDescription: title,
    headers: {
      'content-type': { value: 'application/problem+json' },
      'cache-control': { value: CACHED_BRIEFLY },
      'x-content-type-options': { value: 'nosniff' },
    },
    body: JSON.stringify(document),
  };
}

// CloudFront passes names and values as they were sent, percent-encoded.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    return text; // a stray % is kept; no known name or allowed value contains one
  }
}

function decodedPairs(querystring) {
  const names = Object.keys(querystring);
  if (names.length > MAX_PARAMETERS) refuse('query', 'has too many parameters.');
  const pairs = [];
  names.filter(name => name.length <= LONGEST_NAME).forEach(name => {
    const known = decoded(name);
    const longest = known === 'download' ? LONGEST_DOWNLOAD : LONGEST_VALUE;
    const values = querystring[name].multiValue || [querystring[name]];
    // Two values are enough to detect a repeated parameter. No rule allows a value that is too long, decoded or not.
    values.slice(0, 2).forEach(each =>
      pairs.push([known, each.value.length > longest ? TOO_LONG : decoded(each.value)]));
  });
  return pairs;
}

function acceptOf(request) {
  const header = request.headers.accept;
  if (!header) return '';
  const values = header.multiValue || [header];
  const text = values.length > MAX_PARAMETERS ? '' : values.map(each => each.value).join(',');
  return text.length > LONGEST_ACCEPT ? '' : text;
}

function onlyDownload(querystring) {
  const name = Object.keys(querystring).filter(each =>
    each.length <= LONGEST_NAME && decoded(each) === 'download')[0];
  return name === undefined ? {} : { download: { value: querystring[name].value } };
}

function refuse(parameter, rule) {
  throw { parameter: parameter, rule: rule };
}

function ruleOf(name) {
  return PARAMETERS.filter(each => each[0] === name)[0][2];
}

// Of several, the first one by its lower-case name is refused, as in variant.py. \w is ASCII only.
function checkNames(pairs) {
  pairs.map(pair => pair[0])
    .filter(name => name !== '' && !/[^\w-]/.test(name))
    .map(name => [name.toLowerCase(), name])
    .sort()
    .forEach(each => {
      const known = PARAMETERS.filter(parameter => parameter[0] === each[0] || parameter[1] === each[0])[0];
      if (known && each[0] !== each[1]) refuse(known[0], 'must be written in lower case.');
      if (known) return;
      PEERS.forEach(group => {
        if (group[1].split(' ').indexOf(each[0]) >= 0) refuse(each[0], 'is not supported: ' + group[0]);
      });
    });
}

function knownParameters(pairs) {
  const values = {};
  PARAMETERS.forEach(each => {
    const given = pairs.filter(pair => pair[0] === each[0] || (each[1] && pair[0] === each[1]));
    if (given.length > 1) refuse(each[0], 'is given more than once.');
    if (given.length === 1 && given[0][1] === '') refuse(each[0], 'is empty.');
    if (given.length === 1 && each[0] === 'download' && given[0][1] === TOO_LONG) refuse(each[0], each[2]);
    if (given.length === 1) values[each[0]] = given[0][1];
  });
  return values;
}

function withPreset(values) {
  const name = values.preset;
  if (name === undefined) return values;
  if (name.length > 30 || /[^a-z0-9_-]/.test(name)) refuse('preset', ruleOf('preset'));
  const preset = PRESETS.filter(each => each[0] === name)[0];
  if (!preset) refuse('preset', name + ' is not defined for this stage.');
  return Object.assign({}, preset[1], values);
}

function isCanonical(text) {
  const pairs = text.split(',').map(pair => {
    const at = pair.indexOf('=');
    const name = at < 0 ? pair : pair.slice(0, at);
    const value = at < 0 ? '' : pair.slice(at + 1);
    const point = name === 'position' ? pointIn(/^x([0-9]{1,2})y([0-9]{1,2})/, value) : null;
    return [name, point ? point[1] + ',' + point[2] : value];
  });
  try {
    return canonical(normalised(knownParameters(pairs), 'auto')) === text;
  } catch (error) {
    if (!error.parameter) throw error;
    return false;
  }
}

function canonical(variant) {
  return ['background', 'fit', 'format', 'height', 'position', 'quality', 'width']
    .filter(name => variant[name] !== null)
    .map(name => name + '=' + variant[name])
    .join(',');
}

function normalised(values, automaticFormat) {
  let background = word(values, 'background', BACKGROUNDS, 'white');
  const dpr = dprOf(values);
  let fit = word(values, 'fit', FITS, 'cover');
  let format = word(values, 'format', FORMATS, 'auto');
  let height = side(values, 'height', dpr);
  let point = pointOf(values);
  let quality = qualityOf(values);
  let width = side(values, 'width', dpr);

  if (format === 'auto') format = automaticFormat;
  if (format === 'jpg') format = 'jpeg';
  if (format === 'gif' || format === 'png') quality = 'auto';
  if (width === null || height === null) {
    width = width === null ? null : step(width);
    height = height === null ? null : step(height);
    fit = 'cover';
    point = [8, 8];
  } else {
    const longer = Math.max(width, height);
    const snapped = step(longer);
    let shorter = Math.min(width, height);
    if (SIZES !== 'exact') {
      const ratio = Math.max(1, divided(shorter * RATIO_STEPS, longer));
      shorter = Math.max(1, divided(snapped * ratio, RATIO_STEPS));
    } else if (snapped !== longer) {
      shorter = Math.max(1, divided(shorter * snapped, longer));
    }
    const wide = width >= height;
    width = wide ? snapped : shorter;
    height = wide ? shorter : snapped;
    if (fit === 'contain') point = point === 'auto' ? [8, 8] : [third(point[0]), third(point[1])];
    else if (fit !== 'cover') point = [8, 8];
  }
  if (format === 'jpeg' && background === 'transparent') background = 'white';
  return {
    background: fit === 'contain' ? background : null,
    fit: fit,
    format: format,
    height: height,
    position: spelledPoint(point),
    quality: quality,
    width: width,
  };
}

// Without $: in CloudFront's engine it matches before a final newline, so "200\n" would be a number.
function isDigits(text, most) {
  return text.length > 0 && text.length <= most && !/[^0-9]/.test(text);
}

function pointIn(pattern, text) {
  const point = pattern.exec(text);
  return point && point[0].length === text.length ? point : null;
}

function word(values, name, words, byDefault) {
  if (values[name] === undefined) return byDefault;
  if (words.indexOf(values[name]) < 0) refuse(name, ruleOf(name));
  return values[name];
}

function dprOf(values) { // in hundredths
  const text = values.dpr === undefined ? '1' : values.dpr;
  const number = /^[1-3](\.[0-9]{1,2})?/.exec(text);
  const hundredths = Math.round(Number(text) * 100);
  if (!number || number[0].length !== text.length || hundredths > 300) refuse('dpr', ruleOf('dpr'));
  return hundredths;
}

function side(values, name, dpr) {
  if (values[name] === undefined) return null;
  if (!isDigits(values[name], 6) || Number(values[name]) === 0) refuse(name, ruleOf(name));
  return divided(Number(values[name]) * dpr, 100);
}

function pointOf(values) {
  const text = values.position === undefined ? 'center' : values.position;
  if (text === 'auto') return text;
  const named = POINTS.filter(point => point[0] === text)[0];
  if (named) return [named[1], named[2]];
  const point = pointIn(/^([0-9]{1,2}),([0-9]{1,2})/, text);
  if (!point || Number(point[1]) > 16 || Number(point[2]) > 16) refuse('position', ruleOf('position'));
  return [Number(point[1]), Number(point[2])];
}

function qualityOf(values) {
  const text = values.quality;
  if (text === undefined || text === 'auto') return 'auto';
  const percent = Number(text);
  if (!isDigits(text, 3) || percent < 1 || percent > 100) refuse('quality', ruleOf('quality'));
  return QUALITY_STEPS.reduce((best, each) => // rounds halves up
    Math.abs(each - percent) <= Math.abs(best - percent) ? each : best);
}

function step(length) {
  if (SIZES === 'exact') return Math.min(length, LARGEST_SIDE);
  return LADDER.filter(each => each >= length)[0] || LARGEST_SIDE;
}

function divided(number, by) { // rounds halves up; whole numbers, so exact
  return Math.floor((2 * number + by) / (2 * by));
}

function third(sixteenths) {
  return sixteenths <= 4 ? 0 : sixteenths >= 12 ? 16 : 8;
}

function spelledPoint(point) {
  if (point === 'auto') return point;
  const named = POINTS.filter(each => each[1] === point[0] && each[2] === point[1])[0];
  return named ? named[0] : 'x' + point[0] + 'y' + point[1];
}

// Ranges such as image/* select no format: every browser sends one, whatever it can decode.
function acceptedFormat(accept) {
  const weights = { avif: 0, webp: 0 };
  const named = accept.toLowerCase().split(',').filter(entry =>
    entry.indexOf('image/avif') >= 0 || entry.indexOf('image/webp') >= 0);
  named.forEach(entry => {
    let parts = entry.split(';');
    if (parts.length > MAX_ATTRIBUTES) return;
    parts = parts.map(part => part.replace(/^[ \t]+|[ \t]+$/g, ''));
    let weight = 1;
    parts.slice(1).forEach(part => {
      if (part.indexOf('q=') !== 0) return;
      const found = /^(0(\.[0-9]{0,3})?|1(\.0{0,3})?)/.exec(part.slice(2));
      weight = found && found[0].length === part.length - 2 ? Number(found[0]) : 0;
    });
    if (parts[0] === 'image/avif') weights.avif = Math.max(weights.avif, weight);
    if (parts[0] === 'image/webp') weights.webp = Math.max(weights.webp, weight);
  });
  if (weights.avif === 0 && weights.webp === 0) return 'auto';
  return weights.avif >= weights.webp ? 'avif' : 'webp';
}
