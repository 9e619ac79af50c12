/**
 * @file Setting llm of arXiv 2410.03006: a decoder-only transformer that predicts the next token of a text. Every
 * linear map and every attention head is measured on windows of the validation text.
 */
import { z } from "zod";
import { splitCorpus, textFileNames } from "../data/corpus.ts";
import { byteTokenizer, type Tokenizer } from "../data/tokenizer.ts";
import { loadTokenizer } from "../data/tokenizerFolder.ts";
import { gpt } from "../networks/gpt.ts";
import { objective } from "../objectives/objective.ts";
import { count, field, flag, layerCount, nonNegative, wholeFromZero } from "../parameters/field.ts";
import { ParameterError } from "../parameters/parse.ts";
import { Random } from "../random/random.ts";
import { optimizerNames } from "../train/optimizer.ts";
import { tokenFeeds, tokenStream } from "../train/tokenData.ts";
import { checkAccumulate } from "./accumulate.ts";
import { optimization } from "./optimization.ts";
import { type DataFolder, defineSetting } from "./setting.ts";
import { sharedFields } from "./sharedFields.ts";

const paper = "paper, appendix C.1 (llm)";

/**
 * chosen: operations per call, a second or two on two cores, which bounds the wait for progress and interruption.
 */
const CALL_OPERATIONS = 2e11;

/** chosen: windows per measured batch. */
const EVALUATION_BATCH = 8;

const parameters = z.object({
  layers: field(layerCount, 6, "transformer blocks", paper),
  heads: field(count, 8, "attention heads per block", paper),
  width: field(
    count,
    880,
    "width of the residual stream",
    `${paper}: 100M parameters, which is this width with GPT-2's vocabulary; 56M with bytes`,
  ),
  context: field(count, 256, "tokens per window", "chosen: the paper leaves it open"),
  tied: field(flag, true, "whether the output layer shares its weight with the embedding", "chosen: as GPT-2"),
  tokenizer: field(
    z.string().min(1, "bytes or a folder"),
    "bytes",
    "bytes, or a folder with encoder.json and vocab.bpe",
    "chosen: needs no file; with GPT-2's byte pairs sizes are those of the paper",
  ),
  limit: field(
    count,
    1152,
    "largest side measured whole; larger ones are measured on that many random coordinates",
    "chosen: sums of the hidden layers, four times wider, would take a gigabyte per block",
  ),
  positions: field(
    wholeFromZero,
    0,
    "random tokens of each window that are measured; 0: all",
    "chosen: all; half of them halves the cost of measuring",
  ),
  samples: field(count, 64, "most windows measured", "chosen: 16384 tokens at the default context"),
  validation: field(count, 256, "most windows for the validation loss", "chosen"),
  ...sharedFields({
    steps: [100_000, `${paper}: 1e5 iterations`],
    batch: [8, "chosen: the paper leaves it open"],
    lr: [3e-4, "chosen: the paper leaves it open"],
    momentum: [0, "chosen: not used by adam"],
    decay: [1e-4, paper],
  }),
  optimizer: field(z.enum(optimizerNames), "adam", "update rule, as in torch.optim", `${paper}: Adam`),
  clip: field(
    nonNegative,
    0,
    "largest joint norm of all gradients; larger ones are scaled down; 0: no limit",
    "chosen: the paper gives none; nanoGPT clips at 1",
  ),
  accumulate: field(
    wholeFromZero,
    0,
    "parts of a batch whose gradients are averaged before an update, for batches larger than memory; 0: by the size of the layers",
    "chosen: results are the same up to rounding",
  ),
});

export const llm = defineSetting({
  name: "llm",
  needsData: true,
  parallel: true,
  parameters,
  presets: {
    small: {
      summary: "four layers of four heads on single bytes, for some ten minutes on two cores and a text of a megabyte",
      parameters: {
        layers: 4,
        heads: 4,
        width: 128,
        context: 64,
        batch: 12,
        steps: 3000,
        lr: 1e-3,
        beta2: 0.99,
        schedule: "cosine",
        warmup: 100,
      },
      every: 750,
    },
  },
  build(p, data) {
    const { list, open, tokens } = data;
    if (list === undefined || open === undefined)
      throw new ParameterError(
        "llm: expected a text, got none; pass --data FILE or --data DIR (crh data get tinyshakespeare fetches one)",
      );
    if (p.width % p.heads !== 0)
      throw new ParameterError(`llm: expected heads that divide the width ${p.width}, got ${p.heads}; change one`);
    checkAccumulate("llm", p);
    const tokenizer = tokenizerOf(p.tokenizer, data);
    const files = textFileNames(list()).map((name) => ({ name, source: open(name) }));
    const { train, validation, split } = splitCorpus(files, tokenizer, { context: p.context }, tokens);
    const { clip: _, ...unclipped } = p;
    const random = new Random(p.seed);
    const perStep = 72 * p.layers * p.width ** 2 * p.batch * p.context; // 12 L w^2 weights, 6 operations each per token
    const windows = (samples: number) =>
      tokenFeeds(validation, { context: p.context, samples, batch: EVALUATION_BATCH });
    const measured = Math.min(p.samples, Math.floor((validation.length - 1) / p.context));
    return {
      network: gpt({ ...p, vocabulary: tokenizer.size }, random.split("network")),
      objective: objective("cross-entropy"),
      ...optimization(p.clip === 0 ? unclipped : p),
      ...(p.accumulate === 0 ? {} : { parts: p.accumulate }),
      data: tokenStream(train, { batch: p.batch, context: p.context, random: random.split("data") }),
      largestSide: p.limit,
      positions: p.positions,
      callSteps: Math.max(1, Math.floor(CALL_OPERATIONS / perStep)),
      evaluation: async () => windows(p.samples),
      test: () => windows(p.validation),
      perplexity: true,
      evaluationName: `${measured} windows of ${p.context} tokens, ${split}`,
    };
  },
});

function tokenizerOf(name: string, { folder }: DataFolder): Tokenizer {
  if (name === "bytes") return byteTokenizer;
  const { file } = folder?.(name) ?? {};
  const found = file === undefined ? undefined : loadTokenizer(file);
  if (found === undefined)
    throw new ParameterError(
      `llm: expected a tokenizer of bytes or a folder with encoder.json and vocab.bpe, got "${name}"; check tokenizer=`,
    );
  return found;
}
