/**
 * Makes several calls at once one call: who comes while it is under way gets the same outcome, an error included. The next call after
 * its end begins anew.
 */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | null = null;
  return () => {
    underWay ??= work().finally(() => {
      underWay = null;
    });
    return underWay;
  };
}
