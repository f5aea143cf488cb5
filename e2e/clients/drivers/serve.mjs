// @ts-check

/**
 * Makes the calls that the test sends, and answers each with its value or with all that its error tells.
 * @param {Record<string, (...args: any[]) => Promise<unknown>>} client
 */
export function serve(client) {
  process.on("message", async (/** @type {{ call: number, method: string, args: unknown[] }} */ message) => {
    const { call, method, args } = message
    try {
      process.send?.({ call, value: await client[method]?.(...args) })
    } catch (error) {
      process.send?.({ call, error: describe(error) })
    }
  })
}

/** @param {any} error */
function describe(error) {
  const { name, message, statusCode, errorCode, error: reason, body, stack } = error
  return { className: error.constructor.name, name, message, statusCode, errorCode, reason, body, stack }
}
