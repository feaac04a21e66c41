/** Colours come in pairs, for light and for dark; texts have a contrast of at least 4.5, marks of at least 3. */
export const STYLES = `
:root{color-scheme:light dark;
--paper:light-dark(#fff,#14171c);--ink:light-dark(#1b1f24,#e6e9ee);--quiet:light-dark(#535c68,#aab2bd);
--line:light-dark(#d8dde4,#2b323c);--tint:light-dark(#f4f6f9,#1b2027);--accent:light-dark(#0a5aa5,#84c0f7);
--warn:light-dark(#7a5000,#f0bf5c);--warn-soft:light-dark(#fdf3dd,#352a12);
--series-0:light-dark(#0067a5,#56b4e9);--series-1:light-dark(#c24f00,#f08a3c);--series-2:light-dark(#007a5a,#2fc79b);
--series-3:light-dark(#a23b82,#ea94cb);--series-4:light-dark(#7d6600,#e8d44a);--series-5:light-dark(#4b5bd0,#a3aefc);
--series-6:light-dark(#7a3b1e,#d9a384);--series-7:light-dark(#5b6470,#b3bcc7);
--chart-rule:light-dark(#80868e,#7d8590);--chart-grid:light-dark(#e4e7eb,#2b313a);--chart-back:var(--paper);
--chart-strong:light-dark(#101418,#fff)}
*{box-sizing:border-box}
body{margin:0 auto;max-width:50rem;padding:1.5rem 1rem 4rem;background:var(--paper);color:var(--ink);
font:16px/1.5 "Source Sans 3","Segoe UI",system-ui,-apple-system,"Helvetica Neue",sans-serif;overflow-wrap:break-word}
h1{font-size:1.75rem;line-height:1.2;margin:.5rem 0 0}
h2{font-size:1.3rem;margin:2.25rem 0 .75rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.5rem 0 .25rem}
p{margin:.5rem 0}
a{color:var(--accent)}
.quiet,figcaption p,caption{color:var(--quiet)}
.skip{position:absolute;left:-100vw}
.skip:focus{position:static}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;padding:0;margin:1rem 0 0}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.75rem 1.25rem;margin:1.25rem 0 0}
.facts div{min-width:0}
.facts dt{color:var(--quiet);font-size:.875rem}
.facts dd{margin:0;font-size:1.1rem;font-variant-numeric:tabular-nums}
.warnings{margin:.5rem 0;padding:.625rem .75rem .625rem 2rem;background:var(--warn-soft);border-left:3px solid var(--warn)}
.scroll{overflow-x:auto;margin:.75rem 0 1.25rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9375rem}
caption{text-align:left;padding:0 0 .375rem;font-size:.9375rem}
th,td{padding:.25rem .75rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
#origin td,#derivation td,#course td:last-child{text-align:left;white-space:normal}
th:first-child,#origin th,#derivation th,#course th:last-child{text-align:left}
th:first-child{padding-left:0}
tbody th{font-weight:400}
small{color:var(--quiet);font-size:.875em}
code,pre{font-family:ui-monospace,"SF Mono","Cascadia Code",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.9em}
pre,.algorithm{background:var(--tint);padding:.625rem .875rem;border-radius:4px;font-size:.875rem;line-height:1.45;white-space:pre-wrap}
figure{margin:0 0 1.75rem;min-width:0}
figcaption p{margin:0 0 .25rem;font-size:.9375rem}
figcaption h3{margin-bottom:0}
figure svg{display:block;width:100%;font:12px system-ui,sans-serif}
figure svg text{fill:var(--ink)}
figure svg text.quiet{fill:var(--quiet)}
.grid path{stroke:var(--chart-grid);fill:none}
.axis path{stroke:var(--chart-rule);fill:none}
.narrow{display:none}
.legend{display:flex;flex-wrap:wrap;gap:.125rem 1rem;list-style:none;padding:0;margin:.375rem 0 0;font-size:.9375rem}
.legend li{display:inline-flex;align-items:center;gap:.375rem;min-width:0;overflow-wrap:anywhere}
.legend .key{flex:none;width:26px;height:14px}
details{margin:.375rem 0 0;font-size:.9375rem}
summary{cursor:pointer;color:var(--accent)}
details .scroll{max-height:20rem;overflow:auto}
.frames{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));gap:0 1.5rem}
.frames .wide{display:none}
.frames .narrow{display:block}
.formula{overflow-x:auto;overflow-y:hidden;padding:.125rem 0}
.origin{font-size:.875rem;color:var(--quiet);font-style:italic}
.rule{font:normal .95em ui-monospace,Menlo,Consolas,monospace;margin-right:.5em}
#derivation section{margin:0 0 1.25rem}
@media (max-width:34rem){body{padding:1rem .75rem 3rem}.wide{display:none}.narrow{display:block}th,td{padding:.25rem .5rem}}
@media print{:root{color-scheme:light}body{max-width:none;padding:0;font-size:11pt}nav,.skip,details{display:none}
figure,tr,.warnings{break-inside:avoid}h2,h3,caption{break-after:avoid}.scroll,.formula,pre{overflow:visible}
.wide{display:block;max-width:15cm}.narrow{display:none}}
`
