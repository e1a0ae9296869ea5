//! What applications have shown of their weaknesses: `waarborg weaknesses`.

use std::{path::Path, process::ExitCode};

use control::{
    socket::{Command, Reply},
    weaknesses::WeaknessRow,
};

use crate::{
    accounts::print::{Print, minute},
    commands::Desk,
    fault,
};

pub(crate) fn run(file: &Path, json: bool) -> ExitCode {
    Desk::with(file, async |desk| {
        match desk.ask(&Command::Weaknesses).await {
            Ok(Reply::Weaknesses { rows }) => {
                Print { json }.weaknesses(&rows);
                ExitCode::SUCCESS
            }
            Ok(Reply::Failed { why }) => fault(&why),
            Ok(_) => fault(&"the server answered something else than was asked"),
            Err(why) => fault(&why),
        }
    })
}

impl Print {
    fn weaknesses(&self, rows: &[WeaknessRow]) {
        let row = |row: &WeaknessRow| {
            vec![
                row.weakness.clone(),
                row.site.clone(),
                if row.route.is_empty() {
                    "/".to_owned()
                } else {
                    row.route.clone()
                },
                row.name.clone(),
                row.path.clone(),
                row.count.to_string(),
                minute(Some(&row.last)),
            ]
        };
        let head = [
            "WEAKNESS",
            "SITE",
            "ROUTE",
            "WHAT",
            "LAST PATH",
            "SEEN",
            "LAST (UTC)",
        ];
        let none = "nothing weak was seen since the server began";
        self.list(rows, &head, row, none);
    }
}
