/**
 * Puts the customer's plan into the token, and keeps write scopes for paying customers.
 * Secret: CLAIM_NAMESPACE, e.g. https://example.com/
 */
module.exports = function (client, scope, audience, context, cb) {
  const namespace = context.webtask.secrets.CLAIM_NAMESPACE || "https://example.com/";
  const plan = (client.metadata && client.metadata.plan) || "free";
  const wanted = scope || [];

  const writes = wanted.filter((name) => name.startsWith("write:"));
  if (plan === "free" && writes.length > 0) {
    return cb(new InvalidScopeError(`The free plan does not include ${writes.join(", ")}`));
  }

  const accessToken = { scope: wanted };
  accessToken[`${namespace}plan`] = plan;
  cb(null, accessToken);
};
