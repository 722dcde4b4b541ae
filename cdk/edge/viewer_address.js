// Sends the viewer's address to the API in a header by which the firewall counts requests. CloudFront's own
// CloudFront-Viewer-Address includes a port, so each connection would count as a different client, and clients can
// forge the first entry of X-Forwarded-For. A value from the client is overwritten here.
// An IPv6 subscriber has a whole /64 and can change addresses at will, so the network counts as the client. A value
// that is not an address is not changed, and the firewall refuses it.
// The file that precedes this one defines `rewritten`.
function network(ip) {
  const mapped = /^::ffff:([\d.]+)$/i.exec(ip);
  if (mapped) return mapped[1];
  const halves = ip.split('::').map((half) => (half ? half.split(':') : []));
  const groups = halves[0].concat(halves[1] || []);
  const missing = 8 - groups.length;
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) return ip;
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return ip;
  const first = halves[0].concat(Array(missing).fill('0')).concat(halves[1] || []).slice(0, 4);
  const short = first.map((group) => parseInt(group, 16).toString(16));
  while (short.length && short[short.length - 1] === '0') short.pop();
  return short.join(':') + '::';
}
function handler(event) {
  const answer = rewritten(event);
  if (!answer.statusCode) answer.headers['x-viewer-address'] = { value: network(event.viewer.ip) };
  return answer;
}
