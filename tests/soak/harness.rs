//! The harness itself: what it says was written is what `guru analyze` finds in the files that it leaves.

use std::path::Path;

use tempfile::TempDir;

use super::dice::Dice;
use super::found::Found;
use super::log::Keeper;
use super::tailing::guru;
use super::writer::Writer;

fn analysed(folder: &Path, keepers: &[Keeper], writer: &Writer) -> Found {
    let mut command = guru(folder);
    command.args(["analyze", "--store", "history.db", "--output", "json"]);
    for keeper in keepers {
        let argument = keeper.argument();
        command.arg(argument.rsplit_once('/').expect("a folder").0);
    }
    let output = command.output().expect("guru runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Found::in_store(&folder.join("history.db"), &writer.truth)
}

#[test]
fn what_the_writer_knows_is_what_the_files_hold() {
    for (seed, keeper) in Keeper::ALL.into_iter().enumerate() {
        let folder = TempDir::new().expect("a temporary folder");
        let mut writer = Writer::new(folder.path(), &[keeper], Dice::new(seed as u64));
        for _ in 0..12 {
            writer.write(200);
            writer.rotate(true);
        }
        writer.complete();
        let found = analysed(folder.path(), &[keeper], &writer);
        assert_eq!(found.destroyed, writer.truth.destroyed.len(), "{keeper:?}");
        assert_eq!((&found.lost, &found.double, &found.foreign), (&vec![], &vec![], &vec![]), "{keeper:?}");
        assert_eq!(found.minutes, [], "{keeper:?}");
        assert!(found.rows > 20 && writer.rotations() == 12, "{keeper:?}: {found:?}");
    }
}
