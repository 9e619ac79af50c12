/**
 * @file The style sheet of the page: one column, thin lines, tabular digits; light and dark by preference or button;
 * narrow screens and print. Relations have the same colours as in the figures.
 */
import { paletteVariables } from "../figures/palette.ts";
import { equationsStyle, glossaryStyle, listsStyle, narrowStyle, tablesStyle } from "./contentStyle.ts";
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
${tablesStyle}
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
${equationsStyle}
.missing{border-left:3px solid var(--line);padding:4px 0 4px 14px;color:var(--soft)}
details{margin:8px 0}summary{cursor:pointer;font-size:14px}
details>.block{padding:10px 0 14px}
${listsStyle}
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
${glossaryStyle}
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
${narrowStyle}
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
