// @ts-check

/**
 * Reads page after page until one is empty, as scripts do with clients that do not page by themselves.
 * @param {(query: object) => Promise<{ hooks: unknown[] }>} list
 * @param {object} query
 */
export async function listAll(list, query) {
  const all = []
  for (let page = 0; ; page++) {
    const { hooks } = await list({ ...query, page })
    if (hooks.length === 0) return all
    all.push(...hooks)
  }
}
