// Record fills in, in the files it is given, what Alertmanager's own packages make of each case.
//
// In an empty directory, with this file as main.go:
//
//	go mod init record && go get github.com/prometheus/alertmanager@v0.34.1
//	go run . .../tests/policy/matchers/suites.json .../tests/policy/matchers/recorded.json
//
// To add a case, write its text and labels, or its pattern and values, with any verdict, and run it again.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"
	"unicode"

	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
)

type matcher [3]string

// text is one entry of a `matchers:` list; null stands for an error.
type text struct {
	ID      string    `json:"id"`
	From    []string  `json:"from,omitempty"`
	Text    string    `json:"text"`
	Classic []matcher `json:"classic"`
	UTF8    []matcher `json:"utf8"`
	Default []matcher `json:"default"`
	Shown   []string  `json:"shown"`
	Alerts  []alert   `json:"alerts,omitempty"`
}

type alert struct {
	Labels  map[string]string `json:"labels"`
	Matches bool              `json:"matches"`
}

// pattern is a regular expression with values; "error" says what is wrong with it.
type pattern struct {
	ID      string          `json:"id"`
	Pattern string          `json:"pattern"`
	Error   string          `json:"error,omitempty"`
	Values  map[string]bool `json:"values"`
}

// class is a pattern for one character, and the SHA-256 of the ranges that it matches: "41-5A 61-7A".
type class struct {
	Pattern string `json:"pattern"`
	SHA256  string `json:"sha256"`
}

type file struct {
	Note     string
	Texts    []text
	Patterns []pattern
	Classes  []class
	Folds    *string
}

func read(ms []*labels.Matcher, err error) []matcher {
	if err != nil {
		return nil
	}
	out := []matcher{}
	for _, m := range ms {
		out = append(out, matcher{m.Name, m.Type.String(), m.Value})
	}
	return out
}

func (t *text) fill() {
	t.Classic = read(labels.ParseMatchers(t.Text))
	utf8, err := parse.Matchers(t.Text)
	t.UTF8 = read(utf8, err)
	ms, err := compat.Matchers(t.Text, "config")
	t.Default = read(ms, err)
	t.Shown = nil
	for _, m := range ms {
		t.Shown = append(t.Shown, m.String())
	}
	for i, a := range t.Alerts {
		set := model.LabelSet{}
		for name, value := range a.Labels {
			set[model.LabelName(name)] = model.LabelValue(value)
		}
		t.Alerts[i].Matches = err == nil && ms.Matches(set)
	}
}

func (p *pattern) fill() {
	m, err := labels.NewMatcher(labels.MatchRegexp, "label", p.Pattern)
	p.Error = ""
	if err != nil {
		p.Error = err.Error()
	}
	for value := range p.Values {
		p.Values[value] = err == nil && m.Matches(value)
	}
}

func (c *class) fill() {
	m, err := labels.NewMatcher(labels.MatchRegexp, "label", c.Pattern)
	check(err)
	var ranges []string
	start, last := rune(-1), rune(-1)
	flush := func() {
		if start >= 0 {
			ranges = append(ranges, fmt.Sprintf("%X-%X", start, last))
		}
		start = -1
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		switch {
		case r >= 0xD800 && r <= 0xDFFF: // Half a character: a range runs on across these.
		case !m.Matches(string(r)):
			flush()
		case start < 0:
			start, last = r, r
		default:
			last = r
		}
	}
	flush()
	c.SHA256 = fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(ranges, " "))))
}

// folds lists, with spaces between, the characters that are one letter under (?i).
func folds() string {
	var all []string
	for r := rune(0); r <= unicode.MaxRune; r++ {
		orbit := []rune{r}
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			orbit = append(orbit, next)
		}
		if len(orbit) > 1 && r == slices.Min(orbit) {
			all = append(all, string(orbit))
		}
	}
	return strings.Join(all, " ")
}

func line(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	check(e.Encode(v))
	return strings.TrimSuffix(b.String(), "\n")
}

func section[T any](w io.Writer, name string, cases []T) {
	if cases == nil {
		return
	}
	fmt.Fprintf(w, ",\n%q: [", name)
	for i, c := range cases {
		fmt.Fprint(w, map[bool]string{true: "\n", false: ",\n"}[i == 0], line(c))
	}
	fmt.Fprint(w, "\n]")
}

func record(path string) {
	raw, err := os.ReadFile(path)
	check(err)
	var f file
	check(json.Unmarshal(raw, &f))
	for i := range f.Texts {
		f.Texts[i].fill()
	}
	for i := range f.Patterns {
		f.Patterns[i].fill()
	}
	for i := range f.Classes {
		f.Classes[i].fill()
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\n\"note\": %s", line(f.Note))
	fmt.Fprintf(&out, ",\n\"go\": %q,\n\"unicode\": %q", runtime.Version(), unicode.Version)
	section(&out, "texts", f.Texts)
	section(&out, "patterns", f.Patterns)
	section(&out, "classes", f.Classes)
	if f.Folds != nil {
		fmt.Fprintf(&out, ",\n\"folds\": %s", line(folds()))
	}
	out.WriteString("\n}\n")
	check(os.WriteFile(path, out.Bytes(), 0o644))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	flags, err := featurecontrol.NewFlags(logger, "")
	check(err)
	compat.InitFromFlags(logger, flags)
	for _, path := range os.Args[1:] {
		record(path)
	}
}
