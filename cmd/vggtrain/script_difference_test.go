package main

import (
	"encoding/json"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptDifference runs `difference FILE KEY FILE KEY LEAST MOST`: the number under the key of
// the first JSON object less that of the second must lie within the bounds.
func scriptDifference(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 6 {
		ts.Fatalf("usage: difference FILE KEY FILE KEY LEAST MOST")
	}
	number := func(file, key string) float64 {
		var document map[string]json.RawMessage
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &document))
		n, err := strconv.ParseFloat(string(document[key]), 64)
		ts.Check(err)
		return n
	}
	bound := func(text string) float64 {
		n, err := strconv.ParseFloat(text, 64)
		ts.Check(err)
		return n
	}
	got := number(args[0], args[1]) - number(args[2], args[3])
	if least, most := bound(args[4]), bound(args[5]); got < least || got > most {
		ts.Fatalf("%s of %s less %s of %s is %.0f, not from %.0f to %.0f", args[1], args[0], args[3], args[2], got, least, most)
	}
}
