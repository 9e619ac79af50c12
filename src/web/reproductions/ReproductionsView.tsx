/** @file The reproductions of the papers' figures: every study with its score card, or one of them with its figures. */
import { Problem } from "../ErrorNote.tsx";
import { href, type Route } from "../route.ts";
import { useAsync } from "../useAsync.ts";
import { Dot } from "./Dot.tsx";
import { type ListedStudy, readJson } from "./listedStudy.ts";
import { ReproductionPage } from "./ReproductionPage.tsx";
import "./reproductions.css";

/** Titles of the three theories, by the prefix of their studies' names. */
const theories: Readonly<Record<string, string>> = {
  crh: "Formation of representations (the Canonical Representation Hypothesis)",
  twopoint: "When representations align: the two-point theory of learning dynamics",
  symmetry: "Symmetry, noise and regularization",
};

export default function ReproductionsView({ route }: { readonly route: Route }) {
  const folder = route.path[1];
  const { value, error } = useAsync("studies", () => readJson<ListedStudy[]>("reproductions/index.json"));
  if (error !== undefined) return <Problem error={error} />;
  if (value === undefined) return <p className="soft">Reading the score cards …</p>;
  if (folder !== undefined) return <ReproductionPage key={folder} study={value.find((one) => one.folder === folder)} />;
  const all = value.flatMap(({ verdicts }) => verdicts);
  const holding = all.filter(({ verdict }) => verdict === "holds").length;
  return (
    <section className="reproductions">
      <h1>Reproductions</h1>
      <p className="finding">
        {holding} of {all.length} claims of three sources hold in networks trained here, in{" "}
        {value.filter(({ words }) => words !== undefined).length} of {value.length} studies.
      </p>
      <p className="soft">
        <code>crh reproduce</code> with a study’s name runs it again; everything shown here comes from that command.
        Each dot is a claim.
      </p>
      {Object.entries(theories).map(([theory, title]) => (
        <Group key={theory} title={title} studies={value.filter(({ name }) => name.startsWith(`${theory}/`))} />
      ))}
      <p className="key soft">
        <Dot verdict="holds" /> holds <Dot verdict="does not hold" /> does not hold <Dot verdict="undecided" />{" "}
        undecided, too early or not at this scale
      </p>
    </section>
  );
}

function Group({ title, studies }: { readonly title: string; readonly studies: readonly ListedStudy[] }) {
  return (
    <>
      <h2>{title}</h2>
      <ul className="studies">
        {studies.map(({ name, folder, title: heading, words, verdicts, picture }) => (
          <li key={name}>
            <a href={href(["reproductions", folder])}>
              <span className="picture">
                {picture !== undefined && <img className="raster" loading="lazy" src={picture} alt="" />}
              </span>
              <span className="mono soft">{name}</span>
              <span className="title">{heading}</span>
              <span className="verdicts">
                {verdicts.map((one) => (
                  <Dot key={one.name} verdict={one.verdict} title={`${one.name}: ${one.verdict}, ${one.number}`} />
                ))}
                <small>{words ?? "not run"}</small>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
