/** @file Statuses of missing values, in words. */

/** Why a value is missing, in words. */
export function statusWords(status: string | undefined): string {
  switch (status) {
    case "undefined-1x1":
      return "undefined (1 × 1)";
    case "constant-matrix":
      return "undefined (constant matrix)";
    case "zero-matrix":
      return "undefined (zero matrix)";
    case "too-few-samples":
      return "too few samples";
    case "not-finite":
      return "not finite";
    case "sampled-coordinates":
      return "sampled";
    case "dead":
      return "dead";
    case "missing-moments":
    case "not-measured":
      return "not measured";
    case "flat-spectrum":
      return "flat spectrum";
    case "under-one-decade":
      return "under one decade";
    case "no-common-eigenbasis":
      return "no common eigenbasis";
    case "too-few-values":
      return "too few values";
    case "no-decay":
      return "no weight decay";
    case "not-sgd":
      return "not trained by SGD";
    default:
      return status ?? "not measured";
  }
}
