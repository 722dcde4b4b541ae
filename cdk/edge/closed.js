// Responds to paths that are neither images nor the API. The behavior needs a signature, so that others learn nothing.
function handler() {
  return {
    statusCode: 403,
    statusDescription: 'Forbidden',
    headers: {
      'content-type': { value: 'application/problem+json' },
      'cache-control': { value: 'no-store' },
      'x-content-type-options': { value: 'nosniff' },
    },
    body: '{"type":"about:blank","title":"Forbidden","status":403,"detail":"There is nothing to see here."}',
  };
}
