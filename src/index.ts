/**
 * @file The public API, by name. What is not listed here may change without notice; what is, follows semantic
 * versioning.
 */

// What runs without Node is listed there
export * from "./browser.ts";

// Graphs: building, reading, rewriting
export { castModel } from "./onnx/castModel.ts";
export { dequantizeModel } from "./onnx/dequantizeModel.ts";
export type { ExternalFiles } from "./onnx/externalData.ts";
export {
  type Attribute,
  type BoundValue,
  float,
  type Graph,
  int,
  ints,
  type Model,
  type Node,
  type ValueInfo,
} from "./onnx/graph.ts";
export { GraphBuilder, WORKING_OPSET } from "./onnx/graphBuilder.ts";
export { decodeModel, encodeModel } from "./onnx/modelFile.ts";
export { type DataType, float32, float64, int64, type Tensor } from "./onnx/tensor.ts";
export { upgradeModel } from "./onnx/upgrade.ts";

// Gradients
export { addGradients, type GradientRequest, gradientGraph } from "./autodiff/gradient.ts";
export { NotDifferentiableError } from "./autodiff/notDifferentiable.ts";

// Running graphs
export { bindBodies } from "./engine/bindBodies.ts";
export { bindShapes } from "./engine/bindShapes.ts";
export { type Specialized, specialize, type TakenBranch } from "./engine/specialize.ts";
export { nodeEngine, nodeEngineOn } from "./engineNode/nodeEngine.ts";

// Networks and losses
export { gpt } from "./networks/gpt.ts";
export { mlp } from "./networks/mlp.ts";
export type { Network } from "./networks/network.ts";
export { resnet18 } from "./networks/resnet18.ts";
export { type Objective, objective } from "./objectives/objective.ts";

// Data
export { type Augmentation, cropFlip, simclr, type ViewRecipe } from "./data/augment/augmentation.ts";
export { bytePairTokenizer } from "./data/bytePairTokenizer.ts";
export { type CifarSet, channelScale, loadCifarFolder } from "./data/cifarFolder.ts";
export { type Corpus, readCorpus, splitCorpus, type TextFile } from "./data/corpus.ts";
export { type FitOptions, type FittedArray, fitArray } from "./data/fitArray.ts";
export { decodeIdx } from "./data/idx.ts";
export { type LoadedArrays, loadArrays } from "./data/loadArrays.ts";
export { decodeNpy, encodeNpy } from "./data/npy.ts";
export { decodeNpz } from "./data/npz.ts";
export { byteTokenizer, encodeText, type Tokenizer } from "./data/tokenizer.ts";
export { loadTokenizer } from "./data/tokenizerFolder.ts";
export { type Tokens, tokensInMemory } from "./data/tokens.ts";
export { type TokenWindows, tokenWindows } from "./data/tokenWindows.ts";
export { decodeSafetensors, encodeSafetensors } from "./formats/safetensors.ts";

// Training
export { finiteSet } from "./train/finiteSet.ts";
export { augmentedImages, imageFeeds, twoViews, viewFeeds } from "./train/imageData.ts";
export { onlineTeacher } from "./train/onlineTeacher.ts";
export { optimizer } from "./train/optimizer.ts";
export { schedule } from "./train/schedule.ts";
export { tokenFeeds, tokenStream } from "./train/tokenData.ts";
export type { TrainingData } from "./train/trainingData.ts";
export type { Watch, WatchedGroup } from "./train/watch.ts";

// Measuring a model
export { Evaluator } from "./probe/evaluator.ts";

// Moments
export type { LayerRows } from "./moments/addRows.ts";
export { mergeMoments, type SideMoments, secondMoment } from "./moments/moments.ts";

// Measures
export { alignmentNull, projectedNullOf, sharedNullOf } from "./measure/alignment/alignmentNull.ts";
export { cosine } from "./measure/alignment/cosine.ts";
export { type Judgement, judge, type Verdict } from "./measure/alignment/judge.ts";
export { type Exponent, type LayerExponents, layerExponents } from "./measure/laws/exponent.ts";
export { type LayerSnapshot, layerSnapshot } from "./measure/layerSnapshot.ts";
export { type LayerAlignment, measureLayer } from "./measure/measureLayer.ts";
export { hiddenSides } from "./measure/network/hiddenSides.ts";
export type { AlignmentValue, SideAlignments, Status } from "./measure/snapshot.ts";
export {
  effectiveRank,
  noiseFloor,
  type SideSpectra,
  type Spectrum,
  sideSpectra,
  spectrum,
} from "./measure/spectra/spectrum.ts";
export { type TailExponent, tailExponent } from "./measure/spectra/tailExponent.ts";
export { type EigenSystem, eigh } from "./linalg/eigh.ts";
export { eigvalsh } from "./linalg/eigvalsh.ts";
export { type Matrix, matrix } from "./linalg/matrix.ts";
export type { Multiply, Product } from "./linalg/products.ts";

// Differential equations
export type { Solution } from "./ode/solution.ts";

// The two-point theory
export type { Regime } from "./twopoint/finalDistance.ts";
export type { LayersOptions } from "./twopoint/fitLayers.ts";
export type { FitStatus } from "./twopoint/fitStatus.ts";
export type { FittedRate } from "./twopoint/fittedRates.ts";
export type { TwoPointFitOptions } from "./twopoint/fitTwoPoint.ts";
export type { FittedLoss, LossTrajectory } from "./twopoint/lossCurve.ts";
export type { TwoPointTrajectory } from "./twopoint/theory.ts";

// What was found, in words
export { hiddenMedians } from "./findings/hiddenMedians.ts";
export { driveSentence, pairSentences, pairsHeadline } from "./findings/pairs/pairSentences.ts";
export { type Finding, findings } from "./findings/relationFindings.ts";
export { countSentence, relationSentence } from "./findings/sentences.ts";

// Runs
export { findRun, listRuns } from "./runs/listRuns.ts";
export { createRun, openRun, type RunFolder } from "./runs/runFolder.ts";
export { augmentThreads } from "./workers/augmentThreads.ts";
