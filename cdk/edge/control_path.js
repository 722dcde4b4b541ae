// Lets plain paths of the API through and nothing else: no encoded slash, no dots, no control character reaches it.
function rewritten(event) {
  if (/^\/v1(\/[0-9A-Za-z_-]{1,128}){1,6}$/.test(event.request.uri)) return event.request;
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
