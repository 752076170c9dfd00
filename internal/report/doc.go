// Package report writes a run down as it goes: observers that each keep a part of the run folder, and
// the final record.
//
//	files.go          config.yaml, steps.jsonl, metrics.csv
//	curves.go         curves.png
//	events.go         TensorBoard's events
//	page.go           report.html: when it is written
//	page_words.go     its words: settings, commands, headlines
//	page_pictures.go  its pictures: filters and feature maps
//	score.go          score.json, the evaluation on the page
//	drawing.go        when these two are drawn
//	history.go        the steps and epochs that curves.png and the page draw
//	record.go         the document of fit --json
//
// What a run looks like on a terminal is package terminal's.
package report
