/** @file The studies that `crh reproduce` knows, by name. */
import { crhStudies } from "./crh/crh.ts";
import type { Study } from "./study.ts";
import { balanceStudy } from "./symmetry/balance.ts";
import { collapseStudy } from "./symmetry/collapse.ts";
import { deepLinearStudy } from "./symmetry/deepLinear.ts";
import { deepLinearMnistStudy } from "./symmetry/deepLinearMnist.ts";
import { einsteinStudy } from "./symmetry/einstein.ts";
import { factorizationStudy } from "./symmetry/factorization.ts";
import { rankOneStudy } from "./symmetry/rankOne.ts";
import { res2Study } from "./symmetry/res2.ts";
import { scalarStudy } from "./symmetry/scalar.ts";
import { simclrStudy } from "./symmetry/simclr.ts";
import { syreStudy } from "./symmetry/syre.ts";
import { syreRes1Study } from "./symmetry/syreRes1.ts";
import { tanhStudy } from "./symmetry/tanh2.ts";
import { thresholdStudy } from "./symmetry/thresholds.ts";
import { vaeStudy } from "./symmetry/vae.ts";
import { architectureStudy } from "./twopoint/architectures.ts";
import { blobStudy } from "./twopoint/blobs.ts";
import { controlStudy } from "./twopoint/controls.ts";
import { depthStudy } from "./twopoint/depth.ts";
import { finalDistanceStudy } from "./twopoint/finalDistances.ts";
import { gainStudy } from "./twopoint/gains.ts";
import { mnistPairStudy } from "./twopoint/mnistPair.ts";
import { mnistStructureStudy } from "./twopoint/mnistStructure.ts";
import { regimeStudy } from "./twopoint/regimes.ts";
import { xorStudy } from "./twopoint/xor.ts";

/** In the order of the list. To add one, write it and list it here. */
export const studies: readonly Study[] = [
  ...crhStudies,
  architectureStudy,
  gainStudy,
  mnistPairStudy,
  finalDistanceStudy,
  depthStudy,
  controlStudy,
  xorStudy,
  blobStudy,
  mnistStructureStudy,
  regimeStudy,
  scalarStudy,
  factorizationStudy,
  deepLinearStudy,
  deepLinearMnistStudy,
  rankOneStudy,
  tanhStudy,
  thresholdStudy,
  collapseStudy,
  einsteinStudy,
  simclrStudy,
  vaeStudy,
  syreStudy,
  balanceStudy,
  syreRes1Study,
  res2Study,
];
