# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws with gnuplot: cost over rules, one panel a shape, and the everyday rulesets as bars. SVG and PNG."""
import os
import subprocess

LINES = {   # colours that most eyes can tell apart, and a mark each
    "legacy": ("iptables-legacy", "#777777", 5), "nft": ("iptables-nft", "#d55e00", 7),
    "native": ("nft, sets and maps by hand", "#e69f00", 9), "hybrid": ("iptables-bpf, hybrid", "#56b4e9", 11),
    "exclusive": ("iptables-bpf, exclusive", "#0055a4", 13), "bfcli": ("bpfilter", "#009e73", 3),
    "bfcli-sets": ("bpfilter, sets by hand", "#cc79a7", 2),
}
COLUMNS = 3
REFUSING = ("Kubernetes services",)
CASE, FLOWS = "late", 65536
FLOOR = 10                  # ns; less is not told apart on a logarithmic axis


def _word(name):
    """As gnuplot's names may be."""
    return name.replace("-", "_")


def _block(name, rows):
    return f"${name} << EOD\n" + "\n".join(rows) + "\nEOD\n"


def _terminal(kind, path, width, height):
    if kind == "svg":
        return f'set terminal svg size {width},{height} font "sans-serif,12" background "white"\nset output "{path}.svg"\n'
    return f'set terminal pngcairo size {width},{height} font "sans,9"\nset output "{path}.png"\n'


def _gnuplot(script):
    subprocess.run(["gnuplot"], input="set encoding utf8\n" + script, encoding="utf-8", check=True,
                   env=dict(os.environ, LC_ALL="C.UTF-8"))


def _points(data, shape, contender):
    """Not what runs in another mode than it is called. Of what nft refuses, in any case, those packets that it does not."""
    case = "nowhere" if shape in REFUSING else CASE
    rows = sorted(data.find(shape=shape, contender=contender, case=case, flows=FLOWS), key=lambda row: row["rules"])
    return [f"{row['rules']} {max(FLOOR, row['added_ns'])}" for row in rows if not row["note"]]


def _panel(shape, number, present):
    plotted = [f'${_word(name)}_{number} with linespoints lc rgb "{LINES[name][1]}" lw 2 pt {LINES[name][2]} ps 0.7 notitle'
               for name in present]
    title = shape + " (packets that meet none)" * (shape in REFUSING)
    return f'set title "{title}"\nplot {", ".join(plotted)}\n' if plotted else f'set title "{title}"\nset multiplot next\n'


def rules_script(data, shapes):
    """Panels of COLUMNS columns; the last one holds the legend."""
    script, panels = "", []
    for number, shape in enumerate(shapes):
        present = []
        for name in data.contenders:
            points = _points(data, shape, name)
            if points:
                script += _block(f"{_word(name)}_{number}", points)
                present.append(name)
        panels.append(_panel(shape, number, present))
    rows = (len(shapes) + COLUMNS) // COLUMNS
    legend = ", ".join(f'1/0 with linespoints lc rgb "{LINES[n][1]}" lw 2 pt {LINES[n][2]} title "{LINES[n][0]}"'
                       for n in data.contenders)
    script += f'''
set multiplot layout {rows},{COLUMNS} title "Time added to a packet that one of the last tenth of the rules decides ({FLOWS:,} flows)" font ",14"
set logscale xy
set xrange [0.8:130000]
set yrange [{FLOOR * 0.9}:15000000]
set xtics ("1" 1, "10" 10, "100" 100, "1k" 1e3, "10k" 1e4, "100k" 1e5)
set ytics ("10 ns" 10, "100 ns" 100, "1 µs" 1e3, "10 µs" 1e4, "100 µs" 1e5, "1 ms" 1e6, "10 ms" 1e7)
set xlabel "rules" offset 0,0.5
set grid xtics ytics lc rgb "#dddddd" lt 1
set border 3
set tics nomirror
unset mxtics
unset mytics
''' + "".join(panels) + f'''
unset title
unset xlabel
unset border
unset tics
unset grid
unset logscale
set xrange [0:1]
set yrange [0:1]
set key center center vertical Left reverse samplen 3 spacing 1.5 font ",12"
plot {legend}
unset multiplot
'''
    return script, 1000, 290 * rows + 40


def small_script(data):
    """Bars: two rulesets, three packets, a bar for each contender."""
    groups = [(shape, case) for shape in ("server", "router") for case in ("early", "late", "nowhere")]
    names = {"early": "first rule", "late": "last rule", "nowhere": "policy"}
    sizes = {"server": "20-rule server,", "router": "40-rule router,"}
    rows = []
    for shape, case in groups:
        found = {row["contender"]: row["added_ns"] for row in data.find(shape=shape, case=case, flows=1)}
        values = " ".join(str(max(0, found[name])) if name in found else "NaN" for name in data.contenders)
        rows.append(f'"{sizes[shape]}\\n{names[case]}" {values}')
    bars = ", ".join(f'$bars using {2 + n}:xtic(1) title "{LINES[name][0]}" lc rgb "{LINES[name][1]}"'
                     for n, name in enumerate(data.contenders))
    return _block("bars", rows) + f'''
set title "Time added to a packet of one flow, by what decides it" font ",14"
set style data histograms
set style histogram clustered gap 1.5
set style fill solid 1.0 border rgb "white"
set boxwidth 0.95
set ylabel "ns"
set yrange [0:*]
set xrange [-0.6:{len(groups) - 0.4}]
set bmargin 3
set grid ytics lc rgb "#dddddd" lt 1
set border 3
set tics nomirror
set key outside right center vertical Left reverse samplen 1.5 spacing 1.4
plot {bars}
''', 1000, 420


def draw(data, directory):
    """rules.svg, rules.png, small.svg, small.png; what was not measured is not drawn."""
    figures = []
    shapes = [shape for shape in dict.fromkeys(row["shape"] for row in data.packets)
              if len({row["size"] for row in data.find(shape=shape)}) > 1]
    if shapes:
        figures.append(("rules", rules_script(data, shapes)))
    if data.find(shape="server") or data.find(shape="router"):
        figures.append(("small", small_script(data)))
    for name, (script, width, height) in figures:
        for kind in ("svg", "png"):
            _gnuplot(_terminal(kind, f"{directory}/{name}", width, height) + script)
