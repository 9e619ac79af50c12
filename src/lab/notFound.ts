/** @file Errors of requests: not found, and invalid. */

/** Nothing has this name; answered with 404. */
export class NotFoundError extends Error {
  override name = "NotFoundError";
}

/** An invalid request; answered with 400. */
export class QueryError extends Error {
  override name = "QueryError";
}
