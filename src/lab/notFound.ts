/** @file Errors of requests: what is not there, and what cannot be understood. */

/** Nothing has this name: answered with 404. */
export class NotFoundError extends Error {
  override name = "NotFoundError";
}

/** A request that says what cannot be: answered with 400. */
export class QueryError extends Error {
  override name = "QueryError";
}
