/**
 * @file Style of the contents of sections: tables, lists, equations, glossary. Other pages that show sections use it as
 * a whole (contentStyle).
 */
import { stripStyle } from "./stripStyle.ts";

export const tablesStyle = `dl.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:12px 20px;margin:20px 0 0}
dl.facts .broad{grid-column:span 2}dl.facts .whole{grid-column:1/-1}dl.facts .whole dd{font-size:14px}
dl.facts dt{font-size:12px;color:var(--soft)}
dl.facts dd{margin:0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
dl.config{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:0 28px;margin:8px 0;font-size:14px}
dl.config div{display:flex;justify-content:space-between;gap:12px;border-bottom:1px solid var(--line);padding:4px 0;min-width:0}
dl.config dt{color:var(--soft)}
dl.config dd{margin:0;text-align:right;min-width:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.summary{padding-left:20px;margin:0}.summary li{margin:7px 0}.summary ul{padding-left:20px;margin:0}.summary ul li{margin:3px 0}
b.rga,th.rga{color:color-mix(in srgb,var(--crh-rga) 78%,var(--ink))}b.rwa,th.rwa{color:color-mix(in srgb,var(--crh-rwa) 78%,var(--ink))}b.gwa,th.gwa{color:color-mix(in srgb,var(--crh-gwa) 78%,var(--ink))}
.wide{overflow-x:auto}
table.alignments{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:14px}
.alignments th{font-weight:600;text-align:left;vertical-align:bottom;padding:5px 8px}
.alignments thead th{font-size:13px}.alignments thead th span{font-weight:400;color:var(--soft);white-space:nowrap}
.alignments tbody th{font-weight:500;vertical-align:top;padding:9px 8px 9px 0;min-width:130px}
.alignments thead tr:first-child th:first-child{padding-left:0}
.alignments th small{display:block;font-weight:400}
.alignments td{padding:9px 8px;vertical-align:top;min-width:106px;color:var(--soft)}
.compact td,.compact th{padding-left:5px;padding-right:5px}.compact td{min-width:70px}
.alignments tbody tr{border-top:1px solid var(--line)}
.alignments td .value{font-size:15px}.alignments td.holds .value{font-weight:680;color:var(--ink)}
.alignments td .pm{font-size:12px;white-space:nowrap}.alignments td.none{font-size:13px}
.alignments td small{display:block;white-space:nowrap;font-size:11px}
.bar{position:relative;display:block;height:5px;margin:4px 0 3px;background:var(--line);border-radius:2px}
.bar i{position:absolute;top:0;height:100%}
.bar .fill{left:0;border-radius:2px;background:currentColor;opacity:.5}
td.rga .fill{background:var(--crh-rga)}td.rwa .fill{background:var(--crh-rwa)}td.gwa .fill{background:var(--crh-gwa)}
td.holds .fill{opacity:1}
.bar .null{width:2px;margin-left:-1px;top:-2px;height:9px;background:var(--ink)}
.bar .start{width:7px;height:7px;margin-left:-3.5px;top:-1px;border-radius:50%;border:1.5px solid var(--ink);background:var(--ground)}
.note{font-size:13px;margin:0 0 8px;max-width:110ch}
.key{font-size:13px;color:var(--soft);display:flex;flex-wrap:wrap;gap:2px 20px;margin:6px 0 10px;max-width:none}
.key .bar{display:inline-block;width:30px;margin:0 7px 0 0;vertical-align:2px}`;

export const equationsStyle = `.equations{display:flex;flex-wrap:wrap;gap:10px 34px;margin:12px 0 2px;color:var(--ink)}
.equation{display:inline-flex;flex-wrap:wrap;align-items:center;gap:2px 20px}
.equation math{font-size:16px}.equation .number{font-size:12px;color:var(--soft)}`;

export const listsStyle = `table.skipped{border-collapse:collapse;font-size:14px;margin:8px 0}
.skipped th,.skipped td{text-align:left;vertical-align:top;padding:6px 18px 6px 0;font-weight:400;overflow-wrap:anywhere}
.skipped thead th{font-size:12px;color:var(--soft)}.skipped tbody tr{border-top:1px solid var(--line)}
.skipped th{white-space:nowrap}.skipped tbody th{white-space:normal;width:30%;overflow-wrap:anywhere}.skipped td:nth-child(2){font-variant-numeric:tabular-nums;white-space:nowrap}.skipped details{margin:2px 0}
table.claims{border-collapse:collapse;font-size:14px;width:100%}
.claims th,.claims td{text-align:left;vertical-align:top;padding:7px 16px 7px 0;font-weight:400}.claims tbody th{white-space:nowrap;color:var(--soft)}
.claims thead th{font-size:12px;color:var(--soft)}.claims tbody tr{border-top:1px solid var(--line)}.claims td:last-child{color:var(--soft);padding-right:0}
.claims small{display:block;color:var(--soft)}.claims .verdict{font-weight:650;white-space:nowrap}.verdict.good{color:var(--good)}.verdict.bad{color:var(--bad)}
dl.config.explained{display:block}
dl.config.explained div{display:grid;grid-template-columns:150px 130px minmax(0,1fr);gap:4px 16px;justify-content:start;align-items:baseline}dl.config.explained dd{text-align:left}.explained .meaning{color:var(--soft);font-size:13px}`;

export const glossaryStyle = `.cited div{padding:0 0 14px;scroll-margin-top:60px}.cited dt{font-weight:650;font-size:14px}.cited dd{margin:2px 0 0}.cited p{margin:2px 0;font-size:13px;color:var(--soft);max-width:110ch}.cited pre{font-size:12px;margin:4px 0;padding:8px 12px;white-space:pre;overflow-x:auto;overflow-wrap:normal}.cited div:target dt{text-decoration:underline;text-underline-offset:4px;text-decoration-thickness:2px}
a.eq{text-decoration-style:dotted}
.terms{font-size:13px}.terms a,.key a{color:var(--soft)}
dl.glossary{columns:2;column-gap:44px;margin:14px 0 0}dl.glossary div{break-inside:avoid;padding:0 0 16px;scroll-margin-top:60px}
dl.glossary dt{font-weight:650}dl.glossary dd{margin:2px 0 0;font-size:14px;color:var(--soft)}dl.glossary .equation{display:flex;margin:6px 0 0;color:var(--ink)}
dl.glossary div:target dt{text-decoration:underline;text-underline-offset:4px;text-decoration-thickness:2px}`;

export const narrowStyle = `.alignments,.alignments tbody{display:block}.alignments thead{display:none}
.alignments tr{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:10px 12px;padding:12px 0}
.alignments tbody th{grid-column:1/-1;padding:0}.alignments td{min-width:0;padding:0;display:block}
.alignments td::before{content:attr(data-label);display:block;font-size:11px;color:var(--soft)}
.alignments td small{white-space:normal}
.claims thead{display:none}.claims tr,.claims th,.claims td{display:block;padding:0 0 3px}.claims tr{padding:9px 0 6px}
.skipped thead{display:none}.skipped tr,.skipped th,.skipped td{display:block}.skipped tbody th{width:auto;padding:8px 0 2px}.skipped td{padding:0 0 8px}.skipped td:nth-child(2){display:none}`;

/**
 * The style for another page, limited to one element, because the page may use the same short class names for something
 * else. Uses nested rules, which browsers support since 2023.
 *
 * @param selector of the element
 */
export function contentStyle(selector: string): string {
  return `${selector}{
.finding{font-size:20px;line-height:1.35;max-width:60em;margin:6px 0 16px;text-wrap:pretty}.finding b{font-weight:680}
${tablesStyle}
${equationsStyle}
${listsStyle}
.outputs{max-width:620px}
math msqrt{padding-top:.12em}
${glossaryStyle}
a.eq{text-decoration-style:dotted}
.terms{font-size:13px}.terms a,.key a{color:var(--soft)}
${stripStyle}
@media screen and (max-width:760px){
${narrowStyle}
}
}`;
}
