use super::*;

#[test]
fn rows_go_in_pieces_of_one_transaction_and_one_line_each() {
    let line = |number, display: &str| Line {
        number,
        name: format!("user{number}"),
        email: String::new(),
        display: display.to_owned(),
        groups: Vec::new(),
        hash: Secret::default(),
    };
    let rows = |count, display: &str| -> Vec<_> {
        (1..=count)
            .map(|number| row(line(number, display)))
            .collect()
    };
    let counts = |rows| -> Vec<_> { pieces(rows).iter().map(Vec::len).collect() };
    assert_eq!(counts(rows(0, "")), [] as [usize; 0]);
    assert_eq!(counts(rows(IMPORT_ROWS, "")), [IMPORT_ROWS]);
    assert_eq!(counts(rows(IMPORT_ROWS + 1, "")), [IMPORT_ROWS, 1]);
    let large = "x".repeat(IMPORT_BYTES / 2);
    assert_eq!(counts(rows(3, &large)), [1, 1, 1]);
}
