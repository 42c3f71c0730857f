//! The schema as `sqlite3` and datasette see it. The views are a contract: a change here is a change for others.

use crate::support::{ask, new_store};

#[test]
fn the_public_views_keep_their_columns() {
    let (_folder, store) = new_store();
    let columns = |view: &str| ask(store.path(), &format!("SELECT name FROM pragma_table_info('{view}')")).join(" ");
    insta::assert_snapshot!(columns("v_incidents"), @"id opened_at closed_at state service cause failures trigger fix worked");
    insta::assert_snapshot!(columns("v_failed_fetches"), @"id told_in tier node vxid client_vxid reason started_at ended_at method host url backend backend_addr status origin_status impact cause confidence alternatives evidence verdict origin_cause origin_file origin_line origin_line_status origin_duration_ms origin_late_by_ms origin_method origin_confidence origin_clock_offset_ms origin_error_file origin_error_line origin_error_text incident");
}

#[test]
fn the_schema_is_the_reviewed_one() {
    let (_folder, store) = new_store();
    let all = ask(
        store.path(),
        "SELECT sql || ';' FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type = 'view', tbl_name, type DESC, name",
    );
    insta::assert_snapshot!(all.join("\n\n"));
    let loose = ask(
        store.path(),
        "SELECT name FROM pragma_table_list WHERE type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%'",
    );
    assert!(loose.is_empty(), "not STRICT: {loose:?}");
}
