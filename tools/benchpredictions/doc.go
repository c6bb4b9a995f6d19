// Command benchpredictions compares predictions with River alone, in one run on one
// machine: River inserts and works empty jobs, and Skytower creates and runs
// predictions whose model answers at once, on the same kind of database with the same
// settings.
//
// Rounds visit both in turn, so that whatever else the machine does falls on both; a
// ratio is the median of the rounds' own ratios. CPU time is that of this process, which
// holds the caller, the queue and, for SQLite, the database.
//
// Unlike tools/bench it uses the rooms themselves: what HTTP costs is measured there.
package main
