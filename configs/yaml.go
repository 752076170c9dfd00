package configs

import (
	"regexp"
	"strings"
)

// YAML returns the settings that are set, a line each in a fixed order, as ParseRecipe reads them.
// An architecture that is spelled out stands as a mapping under arch.
func (r *Recipe) YAML() []byte {
	var out strings.Builder
	for i := range keys {
		k := &keys[i]
		switch {
		case !r.IsSet(k.name):
		case k.name == "arch" && r.Arch.Name == "":
			out.WriteString("arch:\n")
			for line := range strings.SplitSeq(k.text(r), "\n") {
				if line != "" {
					out.WriteString("  " + line)
				}
				out.WriteString("\n")
			}
		default:
			out.WriteString(k.name + ": " + quoteYAML(k, k.text(r)) + "\n")
		}
	}
	return []byte(out.String())
}

// dedent returns the lines of a text without the indentation that they share, without trailing
// spaces, and without empty lines before and after.
func dedent(text string) []string {
	lines := strings.Split(text, "\n")
	shared := -1
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t\r")
		if lines[i] == "" {
			continue
		}
		indent := len(lines[i]) - len(strings.TrimLeft(lines[i], " "))
		if shared < 0 || indent < shared {
			shared = indent
		}
	}
	for i, line := range lines {
		if line != "" {
			lines[i] = line[shared:]
		}
	}
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

var (
	plain = regexp.MustCompile(`^[A-Za-z./][A-Za-z0-9_./,+-]*$`)
	// What YAML 1.1 or 1.2 takes for something else than text.
	reserved = regexp.MustCompile(`(?i)^(true|false|yes|no|on|off|y|n|null|\.inf|\.nan|\.[0-9].*|\.)$`)
)

// quoteYAML writes a text so that every YAML reader takes it for one.
func quoteYAML(k *key, text string) string {
	isText := k.kind == kindText || k.kind == kindMixed && (text[0] < '0' || text[0] > '9')
	if !isText || k.name == "normalize" || plain.MatchString(text) && !reserved.MatchString(text) {
		return text
	}
	return quoteDouble(text)
}

// quoteDouble is YAML's double-quoted form. The text has no control characters: see parseLine.
func quoteDouble(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
