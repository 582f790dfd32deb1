module.exports = {
  guichet: {
    input: "./guichet.yaml",
    output: {
      target: "./orval/api.ts",
      client: "fetch",
      mode: "single",
      override: {
        mutator: { path: "./asked.ts", name: "asked", extension: ".js" },
        // The generator writes `status: 4XX`, which is no TypeScript, for the ranges of the contract.
        fetch: { includeHttpResponseReturnType: false },
      },
    },
  },
};
