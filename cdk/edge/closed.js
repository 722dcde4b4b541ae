// Answers what is neither an image nor the API. It asks for a signature first, so that nobody learns even this.
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
