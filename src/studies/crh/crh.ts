/** @file The studies of the paper's 21 figures, in its order, and the study of the choices that it leaves open. */
import type { Study } from "../study.ts";
import { choicesStudy } from "./choices.ts";
import { study1 } from "./figure01.ts";
import { study2 } from "./figure02.ts";
import { study3 } from "./figure03.ts";
import { study4 } from "./figure04.ts";
import { study5 } from "./figure05.ts";
import { study6 } from "./figure06.ts";
import { study7 } from "./figure07.ts";
import { study8 } from "./figure08.ts";
import { study9 } from "./figure09.ts";
import { study10 } from "./figure10.ts";
import { study11 } from "./figure11.ts";
import { study12 } from "./figure12.ts";
import { study13 } from "./figure13.ts";
import { study14 } from "./figure14.ts";
import { study15 } from "./figure15.ts";
import { study16 } from "./figure16.ts";
import { study17 } from "./figure17.ts";
import { study18 } from "./figure18.ts";
import { study19 } from "./figure19.ts";
import { study20 } from "./figure20.ts";
import { study21 } from "./figure21.ts";

export const crhStudies: readonly Study[] = [
  ...[study1, study2, study3, study4, study5, study6, study7],
  ...[study8, study9, study10, study11, study12, study13, study14],
  ...[study15, study16, study17, study18, study19, study20, study21],
  choicesStudy,
];
