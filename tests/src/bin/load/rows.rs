//! The figures as a table, and as rows of `bench/results.json`.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

/// One figure of ours beside its reference.
#[derive(Debug)]
pub(crate) struct Row {
    work: &'static str,
    ours: f64,
    reference: f64,
    unit: &'static str,
    /// What the ratio must be at least; a figure without a target is told only.
    target: Option<f64>,
}

impl Row {
    /// A figure and its reference, with their unit and the least ratio that is wanted of them.
    #[must_use]
    pub(crate) fn of(
        work: &'static str,
        figures: (f64, f64),
        (unit, target): (&'static str, Option<f64>),
    ) -> Row {
        let (ours, reference) = figures;
        Row {
            work,
            ours,
            reference,
            unit,
            target,
        }
    }

    fn ratio(&self) -> f64 {
        self.ours / self.reference
    }

    /// Reaches its target, if it has one.
    #[must_use]
    pub(crate) fn holds(&self) -> bool {
        self.target.is_none_or(|target| self.ratio() >= target)
    }

    fn json(&self) -> Value {
        let rounded = |figure: f64, steps: f64| (figure * steps).round() / steps;
        json!({
            "work": self.work,
            "ours": rounded(self.ours, 1.0),
            "reference": rounded(self.reference, 1.0),
            "unit": self.unit,
            "ratio": rounded(self.ratio(), 1_000.0),
            "target": self.target,
            "held": self.target.map(|_| self.holds()),
        })
    }
}

/// Prints the rows as a table.
pub(crate) fn print(rows: &[Row]) {
    println!(
        "{:<92} {:>10} {:>10} {:<11} {:>6} {:>6}",
        "work", "ours", "reference", "unit", "ratio", "target"
    );
    for row in rows {
        let target = row
            .target
            .map(|target| format!("{target:.1}"))
            .unwrap_or_default();
        let held = if row.holds() { "" } else { "  falls short" };
        let Row {
            work,
            ours,
            reference,
            unit,
            ..
        } = row;
        println!(
            "{work:<92} {ours:>10.0} {reference:>10.0} {unit:<11} {:>6.2} {target:>6}{held}",
            row.ratio()
        );
    }
}

/// Puts the rows into `bench/results.json`, in the place of older ones of the same work.
pub(crate) fn store(rows: &[Row]) {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../bench");
    let file = directory.join("results.json");
    let known: Option<Vec<Value>> = fs::read_to_string(&file)
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok());
    let mut kept = known.unwrap_or_default();
    kept.retain(|old| rows.iter().all(|row| old["work"] != row.work));
    kept.extend(rows.iter().map(Row::json));
    fs::create_dir_all(&directory).unwrap();
    fs::write(&file, format!("{:#}\n", Value::Array(kept))).unwrap();
}

/// The REST twin of the report that the SOAP requests carry.
#[must_use]
pub(crate) fn report(reference: &str) -> String {
    json!({
        "desk": "SAV", "type": "signalisation",
        "summary": format!("Signalisation {reference} (défaut 1)"),
        "description": "Pas de lumière sur la prise depuis ce matin.",
        "organization": "oc-alpha",
        "fields": {
            "troubleDetectionTime": "2026-03-02T08:00:00+01:00", "serviceProviderID": "123456782",
            "supplierID": "987654324", "troubleTicketType": 1, "offerId": "FTTH", "technicalId": "CO-ABCD-1234",
            "serviceProviderTroubleTicketKey": reference, "defectClassId": "1", "defectDescription": "1",
            "defectPrelocalization": "PTO", "alreadyOperated": true,
        },
    })
    .to_string()
}
