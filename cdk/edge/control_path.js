// Passes only normalized paths to the API: no encoded slash, dot segment or control character reaches it.
const LONGEST_PATH = 3 + 6 * 129;

function rewritten(event) {
  const path = event.request.uri;
  const found = path.length <= LONGEST_PATH && /^\/v1(\/[0-9A-Za-z_-]{1,128}){1,6}/.exec(path);
  if (found && found[0].length === path.length) return event.request; // $ would match before a final newline
  return {
    statusCode: 404,
    statusDescription: 'Not Found',
    headers: {
      'content-type': { value: 'application/problem+json' },
      'cache-control': { value: 'no-store' },
      'x-content-type-options': { value: 'nosniff' },
    },
    body: '{"type":"about:blank","title":"Not Found","status":404,"detail":"There is nothing at this path."}',
  };
}
