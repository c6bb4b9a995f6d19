package providertest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"skytower/internal/provider"
)

// The cases of upstreams that tell anything before a work's end.

func progress(j *job) {
	var steps []Work
	w := Work{State: Running}
	for i, percent := range []int{5, 40, 30, 80} {
		w.Logs, w.Percents = append(slices.Clone(w.Logs), fmt.Sprint("step ", i)), append(slices.Clone(w.Percents), percent)
		steps = append(steps, w)
	}
	w.State, w.Files, w.Logs = Succeeded, []string{dataURL}, append(slices.Clone(w.Logs), "done")
	j.follows(append(steps, w)...)
	if _, err := j.predict(); err != nil {
		j.t.Fatal(err)
	}
	var percents []float64
	for _, p := range j.heard.News() {
		if p.Percent != 0 {
			percents = append(percents, p.Percent)
		}
	}
	if !slices.Equal(percents, []float64{5, 40, 80}) {
		j.t.Errorf("percents %v", percents)
	}
	lines := slices.DeleteFunc(j.heard.Lines(), func(s string) bool { return strings.Contains(s, "%|") })
	if want := []string{"step 0", "step 1", "step 2", "step 3", "done"}; !slices.Equal(lines, want) {
		j.t.Errorf("lines %q, want %q", lines, want)
	}
}

func partialFiles(j *job) {
	j.follows(Work{State: Running, Files: []string{foreign + "?1"}}, Work{State: Running, Files: []string{foreign + "?1", foreign + "?2"}},
		Work{State: Succeeded, Files: []string{foreign + "?1", foreign + "?2"}})
	result, err := j.predict()
	if err != nil || len(result.Files) != 2 {
		j.t.Fatalf("result %+v, error %v", result, err)
	}
	var got []string
	for _, p := range j.heard.News() {
		for _, f := range p.Output {
			got = append(got, f.URL)
		}
	}
	if !slices.Equal(got, []string{foreign + "?1", foreign + "?2"}) {
		j.t.Errorf("partial outputs %q", got)
	}
}

func partialText(j *job) {
	j.run.Kind = "text"
	j.follows(Work{State: Running, Text: []string{"Once"}}, Work{State: Running, Text: []string{"Once", " upon"}},
		Work{State: Succeeded, Text: []string{"Once", " upon"}})
	if _, err := j.predict(); err != nil {
		j.t.Fatal(err)
	}
	got := ""
	for _, p := range j.heard.News() {
		got += p.Text
	}
	if got != "Once upon" {
		j.t.Errorf("partial text %q", got)
	}
}

func gone(j *job) {
	j.run.Upstream = j.id()
	j.up.On(j.d.Look(j.id()), JSON(http.StatusNotFound, j.d.Refusal("No such prediction.")))
	_, err := j.predict()
	checkClass(j.t, err, provider.Gone)
	j.wantSubmits(0)
}

// Work that is under way is not given up because the upstream has a bad time.
func looksFail(j *job) {
	j.run.Upstream = j.id()
	troubles := []Script{Page(502), JSON(500, "{}"), JSON(429, "{}"), func(x *Exchange) { x.Cut() }, JSON(503, "")}
	j.up.On(j.d.Look(j.id()), func(x *Exchange) {
		if n := j.count(j.d.Look(j.id())); n <= 4*len(troubles) {
			troubles[n%len(troubles)](x)
			return
		}
		JSON(200, j.d.Answer(j.work(Work{State: Succeeded, Files: []string{dataURL}})))(x)
	})
	if _, err := j.predict(); err != nil {
		j.t.Error(err)
	}
}

func looksAreGarbage(j *job) {
	j.run.Upstream = j.id()
	j.up.On(j.d.Look(j.id()), Page(200))
	_, err := j.predict()
	checkClass(j.t, err, provider.Broken)
}
