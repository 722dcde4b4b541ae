// Tells the API who is asking, in a header that its firewall counts requests by. CloudFront's own
// CloudFront-Viewer-Address carries a port, so each connection would be somebody else; and the first entry of
// X-Forwarded-For is written by clients. What a client sends under this name is overwritten here.
// One subscriber of IPv6 has a whole /64 and a new address whenever he likes: its network is who asks. What is no
// address stays as it is, and the firewall refuses it.
// `rewritten` comes from the file that is put before this one.
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
