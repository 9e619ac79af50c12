/**
 * @file The style sheet of the page: one column, hairlines, tabular figures; light and dark by preference or by the
 * button; narrow screens and paper. Relations have the hues of the figures.
 */
import { paletteVariables } from "../figures/palette.ts";
import { stripStyle } from "./stripStyle.ts";

const light = `--ground:#fdfdfc;--raised:#f5f5f2;--ink:#16191d;--soft:#5a6270;--line:#dcdedf;--good:#1d7a4c;--bad:#b3261e;${paletteVariables("light")};color-scheme:light`;
const dark = `--ground:#13161a;--raised:#1c2026;--ink:#e6e8eb;--soft:#9aa3b0;--line:#31363e;--good:#5fcf97;--bad:#ff8a80;${paletteVariables("dark")};color-scheme:dark`;
const darkRaster = "filter:invert(1) hue-rotate(180deg)";

export const pageStyle = `
:root{${light}}
@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light]){${dark}}:root:not([data-theme=light]) .raster{${darkRaster}}}
@media screen{:root[data-theme=dark]{${dark}}:root[data-theme=dark] .raster{${darkRaster}}}
*{box-sizing:border-box}
html{background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;-webkit-text-size-adjust:100%}
body{display:grid;grid-template-columns:150px minmax(0,1fr);column-gap:40px;max-width:1360px;margin:0 auto;padding:22px 28px 64px}
header,main{grid-column:2;min-width:0}
h1,h2,h3{line-height:1.2;text-wrap:balance}
h1{font-size:26px;font-weight:680;letter-spacing:-.02em;margin:0;overflow-wrap:anywhere}
.finding{font-size:22px;line-height:1.35;max-width:60em;margin:6px 0 20px;text-wrap:pretty}.finding b{font-weight:680}
h2{font-size:21px;font-weight:650;letter-spacing:-.01em;margin:56px 0 12px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:16px;font-weight:650;margin:32px 0 8px}
p,li{max-width:78ch}figcaption p{max-width:100ch}
code{font:0.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
small{font-size:12px;color:var(--soft)}
.soft,.eyebrow{color:var(--soft)}
.top{display:flex;justify-content:space-between;gap:16px;align-items:center}
.eyebrow{font-size:13px;margin:0}
button{font:inherit;font-size:13px;color:var(--ink);background:var(--ground);border:1px solid var(--line);border-radius:6px;padding:4px 11px;cursor:pointer;white-space:nowrap}
button:hover{border-color:var(--soft)}
button:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--crh-rga);outline-offset:2px}
nav.contents{grid-column:1;grid-row:1/span 2;position:sticky;top:22px;align-self:start;font-size:14px;max-height:calc(100vh - 44px);overflow:auto}
nav.contents ul{list-style:none;margin:0;padding:0}nav.contents li{margin:0 0 7px;max-width:none}nav.contents a{text-decoration:none;color:var(--soft)}
nav.contents a:hover{color:var(--ink);text-decoration:underline}nav.contents a[aria-current]{color:var(--ink);font-weight:650}
section,figure,article{scroll-margin-top:16px}
#symmetry>.summary{margin-bottom:36px}
#twopoint>h2{border:0;padding:0;margin-top:20px}#twopoint>.summary{margin-bottom:44px}
a{color:inherit;text-underline-offset:3px;text-decoration-color:var(--soft)}
.status{display:inline-block;font-size:13px;font-weight:600;border-radius:99px;padding:1px 10px;border:1px solid currentColor;color:var(--soft)}
.status.finished{color:var(--good)}.status.failed,.status.interrupted{color:var(--bad)}
dl.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:12px 20px;margin:20px 0 0}
dl.facts .broad{grid-column:span 2}dl.facts .whole{grid-column:1/-1}dl.facts .whole dd{font-size:14px}
dl.facts dt{font-size:12px;color:var(--soft)}
dl.facts dd{margin:0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
dl.config{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:0 28px;margin:8px 0;font-size:14px}
dl.config div{display:flex;justify-content:space-between;gap:12px;border-bottom:1px solid var(--line);padding:4px 0;min-width:0}
dl.config dt{color:var(--soft)}
dl.config dd{margin:0;text-align:right;min-width:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.summary{padding-left:20px;margin:0}.summary li{margin:7px 0}.summary ul{padding-left:20px;margin:0}.summary ul li{margin:3px 0}
b.rga,th.rga{color:var(--crh-rga)}b.rwa,th.rwa{color:var(--crh-rwa)}b.gwa,th.gwa{color:var(--crh-gwa)}
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
.key .bar{display:inline-block;width:30px;margin:0 7px 0 0;vertical-align:2px}
figure{margin:0 0 52px;break-inside:auto}
figure h3{margin:0 0 4px}
@media screen and (min-width:1000px){figure.single{display:grid;grid-template-columns:minmax(0,560px) minmax(0,1fr);column-gap:40px}figure.single>figcaption{margin-top:44px}figure.single>details{grid-column:1/-1}}
.tools{display:flex;gap:8px;justify-content:flex-end;margin:0 0 6px}
.head{display:flex;justify-content:space-between;gap:12px;align-items:flex-start;margin-bottom:10px;break-after:avoid}
.head .tools{margin:0}
svg{max-width:100%;height:auto;display:block}
.legend{margin:0 0 10px;display:flex;flex-wrap:wrap;gap:0 14px}.legend svg{max-width:100%;flex:none;overflow:visible}
.panels{display:grid;gap:14px 28px;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr))}
.panels.one{grid-template-columns:minmax(0,540px)}
.panels.full{grid-template-columns:auto;overflow-x:auto}
.panels.three{grid-template-columns:repeat(3,minmax(0,324px));gap:14px 10px}
.panels svg{break-inside:avoid;width:100%;max-width:min(100%,var(--most,100%))}
.panels.one svg{width:auto}
.panels.full svg{width:auto;max-width:none}
figcaption{margin-top:8px;font-size:14px;color:var(--soft)}
figcaption p{margin:0 0 6px}
.equations{display:flex;flex-wrap:wrap;gap:10px 34px;margin:12px 0 2px;color:var(--ink)}
.equation{display:inline-flex;flex-wrap:wrap;align-items:center;gap:2px 20px}
.equation math{font-size:16px}.equation .number{font-size:12px;color:var(--soft)}
.missing{border-left:3px solid var(--line);padding:4px 0 4px 14px;color:var(--soft)}
details{margin:8px 0}summary{cursor:pointer;font-size:14px}
details>.block{padding:10px 0 14px}
table.skipped{border-collapse:collapse;font-size:14px;margin:8px 0}
.skipped th,.skipped td{text-align:left;vertical-align:top;padding:6px 18px 6px 0;font-weight:400;overflow-wrap:anywhere}
.skipped thead th{font-size:12px;color:var(--soft)}.skipped tbody tr{border-top:1px solid var(--line)}
.skipped th{white-space:nowrap}.skipped tbody th{white-space:normal;width:30%;overflow-wrap:anywhere}.skipped td:nth-child(2){font-variant-numeric:tabular-nums;white-space:nowrap}.skipped details{margin:2px 0}
table.claims{border-collapse:collapse;font-size:14px;width:100%}
.claims th,.claims td{text-align:left;vertical-align:top;padding:7px 16px 7px 0;font-weight:400}.claims tbody th{white-space:nowrap;color:var(--soft)}
.claims thead th{font-size:12px;color:var(--soft)}.claims tbody tr{border-top:1px solid var(--line)}.claims td:last-child{color:var(--soft);padding-right:0}
.claims small{display:block;color:var(--soft)}.claims .verdict{font-weight:650;white-space:nowrap}.verdict.good{color:var(--good)}.verdict.bad{color:var(--bad)}
dl.config.explained{display:block}
dl.config.explained div{display:grid;grid-template-columns:150px 130px minmax(0,1fr);gap:4px 16px;justify-content:start;align-items:baseline}dl.config.explained dd{text-align:left}.explained .meaning{color:var(--soft);font-size:13px}
figure.large .panels,figure.large .panels.three{grid-template-columns:minmax(0,1fr)}figure.large.single{display:block}figure.large .panels.one svg{width:100%}figure.large .panels svg{max-width:900px}
.legend>.toggle{cursor:pointer}.legend>.off{opacity:.35;text-decoration:line-through}.legend>.toggle:focus-visible{outline:2px solid var(--crh-rga)}
th.sortable{cursor:pointer}th[aria-sort]::after{content:" ▾"}th[aria-sort=ascending]::after{content:" ▴"}
.outputs{max-width:620px}
math msqrt{padding-top:.12em}
pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--raised);border:1px solid var(--line);border-radius:6px;padding:12px 14px;white-space:pre-wrap;overflow-wrap:anywhere}
${stripStyle}
.picker{position:sticky;top:0;z-index:2;display:flex;flex-wrap:wrap;gap:6px 10px;align-items:center;padding:8px 0;margin:0 0 10px;background:var(--ground);border-bottom:1px solid var(--line);font-size:14px}
.picker[hidden]{display:none}.picker label{display:flex;gap:6px;align-items:center}.picker output{color:var(--soft);margin-left:auto;font-variant-numeric:tabular-nums}
select,input[type=search]{font:inherit;color:var(--ink);background:var(--ground);border:1px solid var(--line);border-radius:6px;padding:4px 8px;max-width:300px}
select{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px}
article.layer{margin:0 0 30px;scroll-margin-top:64px}article.layer[hidden]{display:none}article h3{margin:14px 0 10px;font-size:18px}article h3 a{text-decoration:none}article h3 small{font-weight:400;margin-left:8px;font-size:13px}
article .strip.alone{max-width:620px;margin:0 0 22px}article .figures{min-width:0}
article figure{margin:0 0 34px}h4{font-size:15px;font-weight:650;margin:0;line-height:1.3}
.scripted .unscripted{display:none}.many article figure:not(.alignments){display:none}.many article .missing{display:none}
.cited div{padding:0 0 14px;scroll-margin-top:60px}.cited dt{font-weight:650;font-size:14px}.cited dd{margin:2px 0 0}.cited p{margin:2px 0;font-size:13px;color:var(--soft);max-width:110ch}.cited pre{font-size:12px;margin:4px 0;padding:8px 12px;white-space:pre;overflow-x:auto;overflow-wrap:normal}.cited div:target dt{text-decoration:underline;text-underline-offset:4px;text-decoration-thickness:2px}
a.eq{text-decoration-style:dotted}
.terms{font-size:13px}.terms a,.key a{color:var(--soft)}
dl.glossary{columns:2;column-gap:44px;margin:14px 0 0}dl.glossary div{break-inside:avoid;padding:0 0 16px;scroll-margin-top:60px}
dl.glossary dt{font-weight:650}dl.glossary dd{margin:2px 0 0;font-size:14px;color:var(--soft)}dl.glossary .equation{display:flex;margin:6px 0 0;color:var(--ink)}
dl.glossary div:target dt{text-decoration:underline;text-underline-offset:4px;text-decoration-thickness:2px}
#tip{position:fixed;z-index:9;pointer-events:none;max-width:min(340px,92vw);padding:6px 10px;border-radius:6px;background:var(--ink);color:var(--ground);font-size:13px;line-height:1.45;font-variant-numeric:tabular-nums;box-shadow:0 2px 10px #0003;overflow-wrap:anywhere}
#tip.formula{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:12px;max-width:min(900px,94vw);white-space:pre-wrap}
#tip[hidden]{display:none}#tip .first{font-weight:650}#tip i{display:inline-block;width:9px;height:9px;border-radius:50%;margin-right:6px;border:1px solid var(--ground)}
.cross{stroke:currentColor;stroke-opacity:.45;fill:none;pointer-events:none}
.panels svg:focus-visible{outline:2px solid var(--crh-rga);outline-offset:2px}.panels svg{touch-action:pan-y}
@media screen and (max-width:1100px){
.picker{top:40px}
body{display:block;padding-top:0}header{padding-top:12px}
nav.contents{position:sticky;top:0;z-index:3;margin:0 -28px;padding:9px 28px;background:var(--ground);border-bottom:1px solid var(--line);overflow-x:auto}
nav.contents ul{display:flex;gap:18px}nav.contents li{margin:0;white-space:nowrap}
section,figure,article{scroll-margin-top:52px}.overview.beside{grid-template-columns:minmax(0,1fr)}
}
@media screen and (max-width:760px){
html{font-size:15px}body{padding:0 14px 48px}nav.contents{margin:0 -14px;padding:9px 14px}h1{font-size:23px}.finding{font-size:18px}h2{margin-top:40px}
.panels.three{grid-template-columns:repeat(3,min(300px,84vw));gap:12px 14px;overflow-x:auto;scroll-snap-type:x proximity}.panels.three svg{scroll-snap-align:start}dl.glossary{columns:1}dl.config.explained div{grid-template-columns:130px minmax(0,1fr)}.explained .meaning{grid-column:1/-1}.picker{gap:6px;padding:6px 0}.picker label:first-child{flex:1 1 62%}select{max-width:none;flex:1;min-width:0}.enlarge{display:none}input[type=search]{width:110px}.picker output{display:none}
dl.facts{grid-template-columns:repeat(auto-fill,minmax(120px,1fr))}
.alignments,.alignments tbody{display:block}.alignments thead{display:none}
.alignments tr{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:10px 12px;padding:12px 0}
.alignments tbody th{grid-column:1/-1;padding:0}.alignments td{min-width:0;padding:0;display:block}
.alignments td::before{content:attr(data-label);display:block;font-size:11px;color:var(--soft)}
.alignments td small{white-space:normal}
.claims thead{display:none}.claims tr,.claims th,.claims td{display:block;padding:0 0 3px}.claims tr{padding:9px 0 6px}
.skipped thead{display:none}.skipped tr,.skipped th,.skipped td{display:block}.skipped tbody th{width:auto;padding:8px 0 2px}.skipped td{padding:0 0 8px}.skipped td:nth-child(2){display:none}
}
@media print{
@page{margin:16mm 14mm}
body{display:block;max-width:none;padding:0}html{font-size:10pt}button,nav,.picker,.unscripted,#tip{display:none!important}
h1,h2,h3,h4,.head,.legend{break-after:avoid}h2{margin-top:22px}figure,article figure{margin-bottom:18px;break-inside:avoid}
.finding{font-size:15pt}.overview.beside{grid-template-columns:minmax(0,7fr) minmax(0,5fr)}.cell,.scale,.scale i,.bar,.bar i,.swatch i,#finding{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.strip,.line,figcaption,tr,dl.glossary div{break-inside:avoid}
.cited p{display:none}.cited pre{font-size:7pt;white-space:pre-wrap;padding:4px 6px}.cited div{padding:0 0 6px;break-inside:avoid}.wide{overflow:visible}.alignments{font-size:8pt}.alignments td,.alignments tbody th{min-width:0;padding:4px}.alignments tbody th{width:15%}.alignments td .value{font-size:9pt}.alignments td .pm,.alignments td small{white-space:normal}.alignments thead th{padding:4px;font-size:8pt}.alignments thead th span{display:block}
details.table::details-content{content-visibility:visible;display:block}details.table summary{display:none}
.panels{grid-template-columns:repeat(2,minmax(0,1fr))}.panels:not(.three):not(.full) svg{max-height:5.4cm}.panels.three{grid-template-columns:repeat(3,minmax(0,1fr))}.panels.three svg{max-height:5cm}.panels.one{grid-template-columns:minmax(0,10cm)}.panels.full{grid-template-columns:auto}.panels.full svg{max-width:100%}
figure.single{display:grid;grid-template-columns:minmax(0,10cm) minmax(0,1fr);column-gap:18px}.course .panels,.overview.stacked .course .panels{grid-template-columns:repeat(2,minmax(0,1fr))}.overview.beside .course .panels{grid-template-columns:minmax(0,1fr)}
dl.config.explained div{padding:2px 0}.figures{display:block}
}`.trim();
