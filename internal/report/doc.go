// Package report holds the observers that show a run or write it down: the terminal's
// moving bar or a log's lines, steps.jsonl and metrics.csv, and the final record.
package report
