//! Draws costs against the length of the log, as SVG. Reads only the results file.

use plotters::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// Draws an SVG next to a results file.
///
/// A line of the file is `size, what, value`, separated by tabs, as `--results` writes it; the last
/// value for each size and name counts.
pub fn draw(results: &Path) {
    let text = std::fs::read_to_string(results).expect("results");
    let mut lines: BTreeMap<&str, BTreeMap<u64, f64>> = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [size, what, value] = fields[..] else { panic!("{line}") };
        // Values are in milliseconds, except for the disk size, which is drawn in kilobytes.
        let value: f64 = value.parse().expect("a number");
        let (what, value) = match what {
            "bytes on the disk" => ("kilobytes on the disk", value / 1000.0),
            what => (what, value),
        };
        lines.entry(what).or_default().insert(size.parse().expect("a size"), value);
    }
    let path = results.with_extension("svg");
    let area = SVGBackend::new(&path, (1000, 640)).into_drawing_area();
    area.fill(&WHITE).expect("room");
    let sizes = lines.values().flat_map(BTreeMap::keys);
    let (least, most) = sizes.fold((u64::MAX, 0), |(a, b), n| (a.min(*n), b.max(*n)));
    let largest = lines.values().flat_map(BTreeMap::values).fold(1.0, |a: f64, b| a.max(*b));
    let mut chart = ChartBuilder::on(&area)
        .caption("What a command costs, in milliseconds, against the entries of the log", ("sans-serif", 18))
        .margin(12)
        .margin_right(330)
        .x_label_area_size(36)
        .y_label_area_size(70)
        .build_cartesian_2d((least as f64..most as f64).log_scale(), (0.1..largest * 1.5).log_scale())
        .expect("a chart");
    let plain = |value: &f64| format!("{value}");
    let mut mesh = chart.configure_mesh();
    mesh.x_desc("entries").y_desc("ms").x_label_formatter(&plain).y_label_formatter(&plain).draw().expect("room");
    let mut ends: Vec<(i32, String, RGBAColor)> = Vec::new();
    for (n, (what, points)) in lines.iter().enumerate() {
        let colour = Palette99::pick(n).to_rgba();
        let all = || points.iter().map(|(size, value)| (*size as f64, *value));
        chart.draw_series(LineSeries::new(all(), colour.stroke_width(2))).expect("room");
        chart.draw_series(all().map(|point| Circle::new(point, 3, colour.filled()))).expect("room");
        if let Some(end) = all().last() {
            ends.push((chart.backend_coord(&end).1, (*what).to_owned(), colour));
        }
    }
    // Label each line at its end; move labels down where they would overlap.
    ends.sort_by_key(|(y, ..)| *y);
    let mut free = 0;
    for (y, what, colour) in ends {
        let y = y.max(free);
        free = y + 16;
        area.draw(&Rectangle::new([(1000 - 328, y - 4), (1000 - 318, y + 4)], colour.filled())).expect("room");
        area.draw_text(&what, &TextStyle::from(("sans-serif", 13)), (1000 - 312, y - 7)).expect("room");
    }
    area.present().expect("written");
}
