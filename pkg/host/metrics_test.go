package host_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// scrape reads the Prometheus format as strictly as a scraper: every sample has a
// HELP and a TYPE line in front of its family, in this order, each family stands
// once, an empty line between two of them.
func scrape(t *testing.T, text string) (samples map[string]float64, types map[string]string) {
	t.Helper()
	samples, types = map[string]float64{}, map[string]string{}
	sample := regexp.MustCompile(`^([a-z_]+)(\{(?:[a-z]+="(?:[^"\\]|\\.)*",?)+\})? (-?\d+(?:\.\d+)?)$`)
	for family := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n\n") {
		lines := strings.Split(family, "\n")
		if len(lines) < 2 || !strings.HasPrefix(lines[0], "# HELP ") {
			t.Fatalf("no family: %q", family)
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(lines[0], "# HELP "), " ")
		kind, ok := strings.CutPrefix(lines[1], "# TYPE "+name+" ")
		if !ok || kind != "counter" && kind != "gauge" || types[name] != "" {
			t.Fatalf("bad or second head %q", lines[:2])
		}
		types[name] = kind
		for _, l := range lines[2:] {
			m := sample.FindStringSubmatch(l)
			if m == nil || m[1] != name {
				t.Fatalf("no sample of %s: %q", name, l)
			}
			if _, twice := samples[m[1]+m[2]]; twice {
				t.Fatalf("twice: %q", l)
			}
			samples[m[1]+m[2]], _ = strconv.ParseFloat(m[3], 64)
		}
	}
	return samples, types
}

const scraped = `(scrape: API) { Return an <OK: status> with <metrics: prometheus>. }
(Work: Go Handler) { Throw an <Odd> for the <test> when <event: n> is 1. }`

// TestPrometheus reads the text like a scraper does.
func TestPrometheus(t *testing.T) {
	var out bytes.Buffer
	h := link(t, scraped, &out)
	for n := range 3 {
		h.Deliver(h.EventHandlers("Go"), host.Payload{Event: value.MapOf("n", value.OfInt(int64(n)))})
	}
	e := h.Invoke(h.Named("scrape"), host.Payload{Event: value.EmptyMap})
	defer e.Release()
	samples, types := scrape(t, e.Reply.Data.Str())
	labels := `{featureset="Work",activity="Go Handler"}`
	for name, want := range map[string]float64{"executions_total": 3, "success_total": 2, "failures_total": 1} {
		if got := samples["aro_featureset_"+name+labels]; got != want || types["aro_featureset_"+name] != "counter" {
			t.Errorf("%s = %v (%s)", name, got, types["aro_featureset_"+name])
		}
	}
	for _, name := range []string{"aro_featureset_duration_ms_avg", "aro_featureset_duration_ms_min", "aro_featureset_duration_ms_max", "aro_application_uptime_seconds",
		"aro_process_virtual_memory_bytes", "aro_process_resident_memory_bytes", "aro_process_open_fds", "aro_process_max_fds", "aro_process_start_time_seconds"} {
		if types[name] != "gauge" {
			t.Errorf("%s is a %q", name, types[name])
		}
	}
	if types["aro_process_cpu_user_seconds"] != "counter" || types["aro_process_cpu_system_seconds"] != "counter" {
		t.Error("processor time is a counter")
	}
	if samples["aro_process_start_time_seconds"] < 1e9 || samples["aro_process_resident_memory_bytes"] < 1e6 || samples["aro_process_open_fds"] < 1 {
		t.Errorf("process: %v", samples)
	}
}

// TestHammerMetrics counts from many goroutines and loses nothing.
func TestHammerMetrics(t *testing.T) {
	var out bytes.Buffer
	h := link(t, scraped, &out)
	const workers, each = 16, 200
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range each {
				h.Deliver(h.EventHandlers("Go"), host.Payload{Event: value.MapOf("n", value.OfInt(int64(i%2)))})
				if i%50 == 0 {
					h.Invoke(h.Named("scrape"), host.Payload{Event: value.EmptyMap}).Release()
				}
			}
		})
	}
	wg.Wait()
	e := h.Invoke(h.Named("scrape"), host.Payload{Event: value.EmptyMap})
	defer e.Release()
	samples, _ := scrape(t, e.Reply.Data.Str())
	labels := `{featureset="Work",activity="Go Handler"}`
	if n, bad := samples["aro_featureset_executions_total"+labels], samples["aro_featureset_failures_total"+labels]; n != workers*each || bad != workers*each/2 {
		t.Errorf("%v runs, %v failed", n, bad)
	}
}

// TestMetricsOfManyRuns: though few short runs are measured, the average holds
// for all of them, and every run that waits is in it.
func TestMetricsOfManyRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		h := link(t, `(Work: Go Handler) { Wait for 90 seconds when <event: n> is 0. }
(scrape: API) { Return an <OK: status> with <metrics: prometheus>. }`, &out)
		const runs = 900
		for n := range runs {
			h.Deliver(h.EventHandlers("Go"), host.Payload{Event: value.MapOf("n", value.OfInt(int64((n+1)%100)))})
		}
		e := h.Invoke(h.Named("scrape"), host.Payload{Event: value.EmptyMap})
		defer e.Release()
		samples, _ := scrape(t, e.Reply.Data.Str())
		for name, want := range map[string]float64{"executions_total": runs, "duration_ms_avg": 900, "duration_ms_max": 90_000, "duration_ms_min": 0} {
			if got := samples[fmt.Sprintf(`aro_featureset_%s{featureset="Work",activity="Go Handler"}`, name)]; got != want {
				t.Errorf("%s = %v, want %v", name, got, want)
			}
		}
	})
}

// TestMetricsOfLongComputing: a run that never waits but computes for long is
// measured, whichever run it is.
func TestMetricsOfLongComputing(t *testing.T) {
	var out bytes.Buffer
	h := link(t, `(Work: Go Handler) { for <i> from 0 to <event: n> { Compute the <x> from <i> + 1. } }
(scrape: API) { Return an <OK: status> with <metrics: prometheus>. }`, &out)
	work := func(n int64) {
		e := h.Invoke(h.Named("Work"), host.Payload{Event: value.MapOf("n", value.OfInt(n))})
		if e.State() != vm.Done {
			t.Fatal(e.Err())
		}
		e.Release()
	}
	for range 200 {
		work(1)
	}
	work(1_000_000)
	e := h.Invoke(h.Named("scrape"), host.Payload{Event: value.EmptyMap})
	defer e.Release()
	samples, _ := scrape(t, e.Reply.Data.Str())
	if got := samples[`aro_featureset_duration_ms_max{featureset="Work",activity="Go Handler"}`]; got < 1 {
		t.Errorf("the longest run took %v ms", got)
	}
}

// TestMetricsOfLongComputingWithin: the same within a run that had looked at the clock
// long before. That one's time is its own.
func TestMetricsOfLongComputingWithin(t *testing.T) {
	var out bytes.Buffer
	h := link(t, `(Raise: Go Handler) {
    for <i> from 0 to 5000000 { Compute the <x> from <i> + 1. }
    for <i> from 0 to 100 { Emit a <Ping: event> with { n: 1 }. }
    for <i> from 0 to 9 { Emit a <Ping: event> with { n: 10000 }. }
}
(Work: Ping Handler) {
    Extract the <n> from the <event: n>.
    for <i> from 0 to <n> { Compute the <x> from <i> + 1. }
}
(scrape: API) { Return an <OK: status> with <metrics: prometheus>. }`, &out)
	e := h.Invoke(h.Named("Raise"), host.Payload{Event: value.EmptyMap})
	if e.State() != vm.Done {
		t.Fatal(e.Err())
	}
	e.Release()
	e = h.Invoke(h.Named("scrape"), host.Payload{Event: value.EmptyMap})
	defer e.Release()
	samples, _ := scrape(t, e.Reply.Data.Str())
	of := func(name, set, activity string) float64 {
		return samples[fmt.Sprintf(`aro_featureset_%s{featureset="%s",activity="%s"}`, name, set, activity)]
	}
	longest, all := of("duration_ms_max", "Work", "Ping Handler"), of("duration_ms_max", "Raise", "Go Handler")
	if n := of("executions_total", "Work", "Ping Handler"); n != 109 || longest < 0.01 || longest > all/2 {
		t.Errorf("%v runs, the longest took %v ms of %v", n, longest, all)
	}
}
