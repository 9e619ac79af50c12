/**
 * @file What runs in a browser as in Node: `import { fitTwoPoint } from "crh-lab/browser"`. Everything that this
 * file reaches does without modules of Node (test/docs/browser.test.ts); ONNX Runtime is handed in by the page.
 */

// Running graphs
export type { CompileOptions, Engine, Program } from "./engine/engine.ts";
export type { OnnxRuntime } from "./engine/onnxProgram.ts";
export { webEngine } from "./engineWeb/webEngine.ts";

// Data
export { Random } from "./random/random.ts";

// Training
export type { Preset, Setting, DataFolder } from "./settings/setting.ts";
export { type Built, buildExperiment, findSetting, type SettingEntry, settings } from "./settings/settings.ts";
export { NotReplicableError } from "./replicate/notReplicable.ts";
export { DivergedError } from "./train/diverged.ts";
export type { Experiment } from "./train/experiment.ts";
export { milestones } from "./train/milestones.ts";
export { train } from "./train/train.ts";
export type { TrainOptions, TrainResult } from "./train/trainOptions.ts";
export { Replicates } from "./train/trainReplicates.ts";

// Measuring a model
export { type Feeds, sliceBatches, TARGET } from "./probe/feeds.ts";
export { type Measurement, Probe } from "./probe/probe.ts";

// Moments
export { addRows } from "./moments/addRows.ts";
export {
  type BrokenEdge,
  type EdgeEnd,
  type Edges,
  type MapEdge,
  type PairSymmetry,
  symmetries,
} from "./moments/edges.ts";
export { emptyLayer, type LayerMoments, type Moments } from "./moments/moments.ts";
export { decodeMoments, encodeMoments } from "./moments/momentsFile.ts";
export type { NoiseBlocks, NoiseSums } from "./moments/noiseSums.ts";

// Measures
export { alignment } from "./measure/alignment/alignment.ts";
export { diagonalNull } from "./measure/network/diagonalNull.ts";
export type { ChargeChange, PairDrift, PairStatus, PairTraining } from "./measure/network/pairDrift.ts";
export {
  chargesOf,
  type PairGroup,
  pairGroups,
  pairName,
  sharedRga,
} from "./measure/network/pairGroups.ts";
export { type Noise, type PairHalf, pairHalf } from "./measure/network/pairHalf.ts";
export {
  type NoiseBalance,
  type PairOptions,
  type PairSnapshot,
  type PairsFound,
  pairsOf,
} from "./measure/network/pairs.ts";
export { type Snapshot, type SnapshotOptions, snapshot } from "./measure/snapshot.ts";

// Reports
export { type AnalysisReport, type ReportData, type RunReport, renderReport } from "./report/report.ts";

// Differential equations
export { type IntegrateOptions, integrate, type OdeSystem } from "./ode/integrate.ts";

// The two-point theory
export { conservedQuantity } from "./twopoint/conserved.ts";
export {
  type TwoPointConstants,
  type TwoPointState,
  type TwoPointSystem,
  twoPointSystems,
} from "./twopoint/equations.ts";
export { type FinalDistance, finalDistance } from "./twopoint/finalDistance.ts";
export { fitLayers, type LayerFit } from "./twopoint/fitLayers.ts";
export { fitTwoPoint, type TwoPointFit } from "./twopoint/fitTwoPoint.ts";
export { fitLoss, lossCurve } from "./twopoint/lossCurve.ts";
export { twoPointTheory } from "./twopoint/theory.ts";
export type { LayerTrajectory } from "./twopoint/trajectory.ts";

// Symmetry and noise
export {
  type AdjacentMaps,
  type ChargeRateOptions,
  charge,
  chargeRate,
  type ImbalanceSize,
  imbalance,
  imbalanceSize,
  neuronCharges,
  withBias,
} from "./symmetry/charge.ts";
export { codeDivergence } from "./symmetry/codeDivergence.ts";
export {
  collapseUnderNoise,
  type LocalCollapse,
  localCollapse,
  type NoisyCollapse,
  type NoisyStepOptions,
} from "./symmetry/collapse.ts";
export { matrixCosine, relativeDistance } from "./symmetry/compare.ts";
export {
  balancedDeepLinear,
  deepLinearBalance,
  deepLinearSizes,
  type LabelNoise,
  type LayerBalance,
} from "./symmetry/deepLinear.ts";
export { type DampedNoise, stationaryVariance } from "./symmetry/einstein.ts";
export { type NoiseFixedPoint, noiseCurrent, noiseFixedPoint } from "./symmetry/fixedPoint.ts";
export { type GaussianTask, gaussianNoise } from "./symmetry/gaussianNoise.ts";
export { type LinearSimclrOptions, linearSimclr, type PairMode, type SimclrMode } from "./symmetry/linearSimclr.ts";
export { type LinearVae, type LinearVaeOptions, linearVae, type VaeMode } from "./symmetry/linearVae.ts";
export {
  type AdjacentRows,
  type BatchOptions,
  expectedImbalance,
  imbalanceAtRest,
  type MapGradients,
  type MomentumOptions,
  type MomentumState,
  type NoiseTerms,
  nextImbalance,
  nextMomentumState,
  nextScalarCharge,
  noiseTerms,
  type StepOptions,
  velocityOverlap,
} from "./symmetry/noiseBalance.ts";
export { rankOneSharpness } from "./symmetry/rankOneStability.ts";
export {
  type FactorisationMinimum,
  factorisationMinimum,
  permutationMinimum,
  rescalingMinimum,
  type ScalarMoments,
  type SymmetricMinimum,
  signMinimum,
} from "./symmetry/thresholds.ts";
