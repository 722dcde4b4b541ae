// Tells the API who is asking, in a header that its firewall counts requests by. CloudFront's own
// CloudFront-Viewer-Address carries a port, so each connection would be somebody else; and the first entry of
// X-Forwarded-For is written by clients. What a client sends under this name is overwritten here.
// `rewritten` comes from the file that is put before this one.
function handler(event) {
  const answer = rewritten(event);
  if (!answer.statusCode) answer.headers['x-viewer-address'] = { value: event.viewer.ip };
  return answer;
}
