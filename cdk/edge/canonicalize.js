// The edge's half of the variant grammar: a CloudFront Function (runtime cloudfront-js-2.0, event viewer-request).
// It turns /images/{id}?width=… into /images/{id}/{canonical}, answers what cannot be served by itself, and lets only
// canonical paths through. functions/shared/variant.py is its twin and documents the grammar; tests compare the two.
// viewer_address.js is put behind it and calls `rewritten`. No message repeats what a client sent. 10 KB is the limit.

// PLACEHOLDER: replaced by "ladder" or "exact" when the template is synthesized.
const SIZES = '__SIZES__';

const LADDER = [16, 32, 48, 64, 96, 128, 200, 256, 320, 384, 480, 640, 750, 800, 828, 960,
  1080, 1200, 1280, 1600, 1920, 2048, 2560, 3840];
const LARGEST_SIDE = 3840;
const RATIO_STEPS = 48;
const QUALITY_STEPS = [40, 50, 60, 70, 75, 80, 85, 90, 95];
const FITS = ['contain', 'cover', 'fill', 'inside', 'outside'];
const FORMATS = ['auto', 'avif', 'gif', 'jpeg', 'png', 'webp', 'jpg'];
const BACKGROUNDS = ['black', 'gray', 'transparent', 'white'];
const POINTS = [['center', 8, 8], ['north', 8, 0], ['northeast', 16, 0], ['east', 16, 8], ['southeast', 16, 16],
  ['south', 8, 16], ['southwest', 0, 16], ['west', 0, 8], ['northwest', 0, 0]];
// Every parameter, in the order in which faults are looked for: its name, its alias, what it must be.
const SIDE_RULE = 'must be a whole number from 1 to 999999, in digits 0 to 9.';
const PARAMETERS = [
  ['background', '', 'must be one of black, gray, transparent, white.'],
  ['download', '', 'must be a file name.'],
  ['fit', '', 'must be one of contain, cover, fill, inside, outside.'],
  ['format', 'f', 'must be one of auto, avif, gif, jpeg, jpg, png, webp.'],
  ['height', 'h', SIDE_RULE],
  ['position', '', 'must be center, a compass point such as northeast, or x,y from 0 to 16 in sixteenths of the ' +
    'picture.'],
  ['quality', 'q', 'must be auto or a whole number from 1 to 100.'],
  ['width', 'w', SIDE_RULE],
];
const ID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const CACHED_BRIEFLY = 'public, max-age=60';

function rewritten(event) {
  const request = event.request;
  const parts = request.uri.split('/'); // "", "images", id, canonical
  if (parts.length < 3 || parts.length > 4 || parts[1] !== 'images' || !ID.test(parts[2])) {
    return problem(404, 'Not Found', 'There is no image with this id.');
  }
  const pairs = decodedPairs(request.querystring);
  try {
    if (parts.length === 4) {
      if (!isCanonical(parts[3])) {
        return problem(404, 'Not Found', 'The path does not name a variant in its canonical spelling.');
      }
      knownParameters(pairs.filter(pair => pair[0] === 'download'));
    } else {
      const accept = request.headers.accept;
      const variant = normalised(knownParameters(pairs), acceptedFormat(accept ? joined(accept) : ''));
      request.uri = '/images/' + parts[2] + '/' + canonical(variant);
    }
  } catch (error) {
    if (!error.parameter) throw error;
    return problem(400, 'Bad Request', error.parameter + ' ' + error.rule, error.parameter);
  }
  request.querystring = onlyDownload(request.querystring);
  // What one viewer writes must not decide the answer that all share, such as a refusal by the firewall.
  request.headers.accept = { value: '*/*' };
  delete request.headers['x-forwarded-for'];
  return request;
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

// CloudFront hands names and values over as they were sent, percent-encoded.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    return text; // a stray % stays, and no known name or allowed value has one
  }
}

function decodedPairs(querystring) {
  const pairs = [];
  Object.keys(querystring).forEach(name => {
    const entry = querystring[name];
    (entry.multiValue || [entry]).forEach(each => pairs.push([decoded(name), decoded(each.value)]));
  });
  return pairs;
}

function joined(header) {
  return (header.multiValue || [header]).map(each => each.value).join(',');
}

function onlyDownload(querystring) {
  const kept = {};
  Object.keys(querystring).forEach(name => {
    if (decoded(name) === 'download') kept.download = { value: querystring[name].value };
  });
  return kept;
}

function refuse(parameter, rule) {
  throw { parameter: parameter, rule: rule };
}

function ruleOf(name) {
  return PARAMETERS.filter(each => each[0] === name)[0][2];
}

function knownParameters(pairs) {
  const values = {};
  PARAMETERS.forEach(each => {
    const given = pairs.filter(pair => pair[0] === each[0] || (each[1] && pair[0] === each[1]));
    if (given.length > 1) refuse(each[0], 'is given more than once.');
    if (given.length === 1 && given[0][1] === '') refuse(each[0], 'is empty.');
    if (given.length === 1) values[each[0]] = given[0][1];
  });
  return values;
}

function isCanonical(text) {
  const pairs = text.split(',').map(pair => {
    const at = pair.indexOf('=');
    const name = at < 0 ? pair : pair.slice(0, at);
    const value = at < 0 ? '' : pair.slice(at + 1);
    const point = name === 'position' ? /^x([0-9]{1,2})y([0-9]{1,2})$/.exec(value) : null;
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
  let fit = word(values, 'fit', FITS, 'cover');
  let format = word(values, 'format', FORMATS, 'auto');
  let height = side(values, 'height');
  let point = pointOf(values);
  let quality = qualityOf(values);
  let width = side(values, 'width');

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
    if (fit === 'contain') point = [third(point[0]), third(point[1])];
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

function word(values, name, words, byDefault) {
  if (values[name] === undefined) return byDefault;
  if (words.indexOf(values[name]) < 0) refuse(name, ruleOf(name));
  return values[name];
}

function side(values, name) {
  if (values[name] === undefined) return null;
  if (!/^[0-9]{1,6}$/.test(values[name]) || Number(values[name]) === 0) refuse(name, ruleOf(name));
  return Number(values[name]);
}

function pointOf(values) {
  const text = values.position === undefined ? 'center' : values.position;
  const named = POINTS.filter(point => point[0] === text)[0];
  if (named) return [named[1], named[2]];
  const point = /^([0-9]{1,2}),([0-9]{1,2})$/.exec(text);
  if (!point || Number(point[1]) > 16 || Number(point[2]) > 16) refuse('position', ruleOf('position'));
  return [Number(point[1]), Number(point[2])];
}

function qualityOf(values) {
  const text = values.quality;
  if (text === undefined || text === 'auto') return 'auto';
  const percent = Number(text);
  if (!/^[0-9]{1,3}$/.test(text) || percent < 1 || percent > 100) refuse('quality', ruleOf('quality'));
  return QUALITY_STEPS.reduce((best, each) => // halfway goes up
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
  const named = POINTS.filter(each => each[1] === point[0] && each[2] === point[1])[0];
  return named ? named[0] : 'x' + point[0] + 'y' + point[1];
}

// Ranges such as image/* choose nothing: every browser sends one, whatever it can decode.
function acceptedFormat(accept) {
  const weights = { avif: 0, webp: 0 };
  accept.split(',').forEach(entry => {
    const parts = entry.split(';').map(part => part.replace(/^[ \t]+|[ \t]+$/g, '').toLowerCase());
    let weight = 1;
    parts.slice(1).forEach(part => {
      if (part.indexOf('q=') !== 0) return;
      weight = /^(0(\.[0-9]{0,3})?|1(\.0{0,3})?)$/.test(part.slice(2)) ? Number(part.slice(2)) : 0;
    });
    if (parts[0] === 'image/avif') weights.avif = Math.max(weights.avif, weight);
    if (parts[0] === 'image/webp') weights.webp = Math.max(weights.webp, weight);
  });
  if (weights.avif === 0 && weights.webp === 0) return 'auto';
  return weights.avif >= weights.webp ? 'avif' : 'webp';
}
