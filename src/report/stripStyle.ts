/**
 * @file Style of the strip of relations. Each cell has a position along the layers (--l) and along the relations (--r).
 * Which of the two runs across is decided here, by the number of layers and the width of the screen.
 */

const across = (selector: string) => `
${selector}{grid-template-columns:auto auto var(--cols);grid-template-rows:auto auto repeat(3,var(--h)) 8px repeat(3,var(--h))}
${selector} .cell{grid-column:var(--l);grid-row:var(--r)}
${selector} .name{grid-column:var(--l);grid-row:2;writing-mode:vertical-rl;transform:rotate(180deg);max-height:130px;justify-self:center}
${selector} .group{grid-row:1;grid-column:var(--l)/span var(--n);text-align:center;padding:0 0 2px 10px}
${selector} .side{grid-column:1;grid-row:var(--r)/span 3;writing-mode:vertical-rl;transform:rotate(180deg);text-align:center}
${selector} .relation{grid-column:2;grid-row:var(--r);align-self:center;padding-right:6px}
${selector} .relation small{display:none}`;

const down = (selector: string) => `
${selector}{grid-template-columns:auto auto repeat(3,minmax(0,1fr)) 10px repeat(3,minmax(0,1fr));grid-template-rows:none;grid-auto-rows:auto}
${selector} .cell{grid-row:var(--l);grid-column:var(--r);min-height:var(--h)}
${selector} .name{grid-row:var(--l);grid-column:2;writing-mode:horizontal-tb;transform:none;max-height:none;align-self:center;justify-self:start;padding-right:10px}
${selector} .group{grid-row:var(--l);grid-column:1/-1;text-align:left;padding:6px 0 0}
${selector} .side{grid-row:1;grid-column:var(--r)/span 3;writing-mode:horizontal-tb;transform:none;text-align:center}
${selector} .relation{grid-row:2;grid-column:var(--r);text-align:center;padding:0}
${selector} .relation small{display:block}`;

export const stripStyle = `
.overview{display:grid;gap:14px 44px;align-items:start}.overview.beside .lines{grid-column:1}.overview.beside .enlarge{display:none}
.course .legend{margin:0 0 4px}.course .head{margin:0 0 2px}.course .head h2{margin:3px 0 0}
.overview.beside{grid-template-columns:minmax(0,7fr) minmax(0,5fr)}
.overview h2{font-size:15px;margin:0 0 10px;padding:0;border:0}
.overview .course{margin:0}.overview .course figcaption{margin-top:4px;font-size:13px}.overview .course .panels{grid-template-columns:minmax(0,1fr)}
.overview.stacked .course .panels{grid-template-columns:repeat(2,minmax(0,1fr))}
.strip{display:grid;gap:2px;font-variant-numeric:tabular-nums;margin:0 0 14px;--h:46px}
.strip.across{--h:31px}.strip.bare{--h:16px;gap:1px}
.strip .row{display:contents}.strip .corner{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.strip .side,.strip .group{font-size:12px;color:var(--soft);white-space:nowrap}
.strip .group span{display:block;overflow:hidden;text-overflow:ellipsis;border-bottom:1px solid var(--line)}
.strip .relation{font-size:13px;line-height:1.25;white-space:nowrap}.strip .relation small{font-size:11px}
.strip .name{font:12px/1.2 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;text-decoration:none;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;max-width:150px}
.strip .name:hover,.strip .name:focus-visible{text-decoration:underline}
.strip.bare .name{font-size:9px}.strip .name[aria-current]{font-weight:700;text-decoration:underline;text-decoration-thickness:2px;text-underline-offset:3px}
.cell{--hue:var(--soft);position:relative;min-width:0;border-radius:3px;padding:4px 3px 0;text-align:center;font-size:14px;line-height:1.3;background:color-mix(in srgb,var(--hue) calc(3% + var(--v)*.38%),var(--ground));color:var(--ink);cursor:default}
.cell.rga{--hue:var(--crh-rga)}.cell.rwa{--hue:var(--crh-rwa)}.cell.gwa{--hue:var(--crh-gwa)}
.cell.holds{box-shadow:inset 0 0 0 2px var(--hue);font-weight:700}
.cell.none{color:var(--soft);background:none;border:1px dashed var(--line)}
.cell .tick{font-size:10px;margin-left:2px}
.across .cell{font-size:11px;padding:3px 1px 0}.across .cell .tick{display:none}
.across .cell .scale{margin:2px 3px 0}
.bare .cell.holds::after{content:"";position:absolute;inset:0;margin:auto;width:4px;height:4px;border-radius:50%;background:var(--ink)}
.bare .cell.holds{box-shadow:none}
.cell:focus-visible{outline:2px solid var(--ink);outline-offset:1px}
.scale{position:relative;display:block;height:4px;margin:3px 8px 0;border-radius:2px;background:color-mix(in srgb,var(--ink) 14%,transparent)}
.scale i{position:absolute;top:0;height:100%}
.scale .fill{left:0;width:calc(var(--v)*1%);border-radius:2px;background:var(--hue)}
.scale .null{width:2px;margin-left:-1px;top:-2px;height:8px;background:var(--ink)}
.scale .start{width:7px;height:7px;margin-left:-3.5px;top:-1.5px;border-radius:50%;border:1.5px solid var(--ink);background:var(--ground)}
.scale.sample{display:inline-block;width:30px;margin:0 7px 0 0;vertical-align:2px}
.cell.sample{display:inline-block;width:26px;padding:0;margin-right:7px;font-size:11px}
.swatch{display:inline-flex;margin-right:7px;vertical-align:-2px}.swatch i{width:11px;height:13px;background:color-mix(in srgb,var(--crh-rga) calc(3% + var(--v)*.38%),var(--ground))}
.strip.lines{display:block;--h:24px}.strip.lines p{margin:0 0 4px;font-size:13px}
.line{display:flex;gap:8px;align-items:center;margin:0 0 2px}.lineName{flex:0 0 92px;font-size:12px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.lineCells{flex:1;display:grid;grid-auto-flow:column;grid-auto-columns:minmax(0,64px);gap:2px;min-width:0}
.numbers span{font-size:11px;color:var(--soft);text-align:center}
.keep:not(:first-child)>.line:first-child{display:none}
@media (min-width:1000px){.overview.stacked .lines.two .columns{columns:2;column-gap:44px}.overview.stacked .two .keep>.line:first-child{display:flex}.lines .line,.lines .keep{break-inside:avoid}}
.lines .cell{font-size:11px;padding:2px 1px 4px;min-height:18px}.lines .cell .tick{display:none}
${down(".strip.few")}
.strip.alone .name{display:none}div.strip.alone:not(.few){display:block;width:110px}
${across(".strip.across")}
@media (max-width:760px){${down(".strip.across")}
.strip{--h:38px;gap:2px}.strip.across{--h:22px}.overview.beside,.overview.stacked .course .panels{grid-template-columns:minmax(0,1fr)}
.strip .relation{font-size:12px}.strip .relation small{font-size:10px}.few .cell{font-size:13px}.few .cell .scale{margin:3px 4px 0}
.across .cell .scale{display:none}.strip .name{max-width:88px;font-size:11px}.strip.bare .name{font-size:10px}}`;
