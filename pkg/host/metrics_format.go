package host

import (
	"fmt"
	"strings"

	"aro/pkg/vm/value"
)

// metricsFormats has one writer for each format of 02 §16.
var metricsFormats = map[string]func(b []byte, m *metrics) []byte{
	"short": shortMetrics, "table": tableMetrics, "plain": plainMetrics, "json": jsonMetrics, "prometheus": prometheusMetrics,
}

const mebibyte = 1 << 20

// shortMetrics is one line.
func shortMetrics(b []byte, m *metrics) []byte {
	p := &m.process
	return fmt.Appendf(b, "metrics: %d executions, %d featuresets, avg=%.1fms, uptime=%.1fs, cpu=%.2fs, mem=%.1fMB, fds=%d/%d",
		m.runs, len(m.sets), m.avg, m.uptime.Seconds(), (p.user + p.system).Seconds(), float64(p.resident)/mebibyte, p.open, p.limit)
}

// tableMetrics is two framed tables.
func tableMetrics(b []byte, m *metrics) []byte {
	if m.runs == 0 {
		return append(b, "No metrics collected yet."...)
	}
	rows := [][]string{{"Feature Set", "Count", "Success", "Failed", "Avg(ms)", "Max(ms)"}}
	longest := 0.0
	for i := range m.sets {
		s := &m.sets[i]
		longest = max(longest, s.max)
		rows = append(rows, []string{s.name, fmt.Sprint(s.runs), fmt.Sprint(s.runs - s.failed), fmt.Sprint(s.failed), fmt.Sprintf("%.2f", s.avg), fmt.Sprintf("%.2f", s.max)})
	}
	rows = append(rows, []string{"TOTAL", fmt.Sprint(m.runs), fmt.Sprint(m.runs - m.failed), fmt.Sprint(m.failed), fmt.Sprintf("%.2f", m.avg), fmt.Sprintf("%.2f", longest)})
	b = appendTable(b, rows, len(rows)-1)
	b = append(b, "\n\n"...)
	p := &m.process
	return appendTable(b, [][]string{
		{"System Metrics", "Value"},
		{"CPU User Time", fmt.Sprintf("%.3fs", p.user.Seconds())},
		{"CPU System Time", fmt.Sprintf("%.3fs", p.system.Seconds())},
		{"CPU Total Time", fmt.Sprintf("%.3fs", (p.user + p.system).Seconds())},
		{"Virtual Memory", fmt.Sprintf("%.2fMB", float64(p.virtual)/mebibyte)},
		{"Resident Memory", fmt.Sprintf("%.2fMB", float64(p.resident)/mebibyte)},
		{"File Descriptors", fmt.Sprintf("%d / %d", p.open, p.limit)},
		{"Process Start Time", p.start.Format("2006-01-02 15:04:05")},
		{"Uptime", fmt.Sprintf("%.1fs", m.uptime.Seconds())},
	}, 0)
}

// appendTable frames rows: the first is the head, total the number of a row with
// a rule above it, 0 for none. Names stand left, numbers right. There is no line
// end behind the frame.
func appendTable(b []byte, rows [][]string, total int) []byte {
	width := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	rule := "+"
	for _, w := range width {
		rule += strings.Repeat("-", w+2) + "+"
	}
	for n, r := range rows {
		if n <= 1 || n == total {
			b = append(append(b, rule...), '\n')
		}
		for i, cell := range r {
			pad := strings.Repeat(" ", width[i]-len([]rune(cell)))
			if i == 0 || n == 0 {
				b = append(b, "| "+cell+pad+" "...)
			} else {
				b = append(b, "| "+pad+cell+" "...)
			}
		}
		b = append(b, "|\n"...)
	}
	return append(b, rule...)
}

// plainMetrics is a paragraph for each feature set.
func plainMetrics(b []byte, m *metrics) []byte {
	b = fmt.Appendf(b, "Feature Set Metrics (%d total executions, uptime: %.1fs)\n\n", m.runs, m.uptime.Seconds())
	for i := range m.sets {
		s := &m.sets[i]
		b = fmt.Appendf(b, "%s (%s)\n  Executions: %d (success: %d, failed: %d)\n  Duration: avg=%.1fms, min=%.1fms, max=%.1fms\n\n",
			s.name, s.activity, s.runs, s.runs-s.failed, s.failed, s.avg, s.min, s.max)
	}
	p := &m.process
	return fmt.Appendf(b, "System Metrics:\n  CPU: user=%.3fs, system=%.3fs, total=%.3fs\n  Memory: virtual=%.2fMB, resident=%.2fMB\n  File Descriptors: %d / %d\n  Process Start: %s",
		p.user.Seconds(), p.system.Seconds(), (p.user + p.system).Seconds(), float64(p.virtual)/mebibyte, float64(p.resident)/mebibyte,
		p.open, p.limit, p.start.Format("2006-01-02 15:04:05"))
}

// jsonMetrics is one JSON object.
func jsonMetrics(b []byte, m *metrics) []byte {
	sets := make([]value.Value, len(m.sets))
	for i := range m.sets {
		s := &m.sets[i]
		sets[i] = value.MapOf("name", value.OfString(s.name), "activity", value.OfString(s.activity), "executions", value.OfInt(s.runs),
			"success", value.OfInt(s.runs-s.failed), "failed", value.OfInt(s.failed),
			"avgMs", value.OfFloat(s.avg), "minMs", value.OfFloat(s.min), "maxMs", value.OfFloat(s.max))
	}
	p := &m.process
	return value.MapOf("executions", value.OfInt(m.runs), "failed", value.OfInt(m.failed), "avgMs", value.OfFloat(m.avg),
		"uptimeSeconds", value.OfFloat(m.uptime.Seconds()), "featureSets", value.OfList(sets),
		"process", value.MapOf("cpuUserSeconds", value.OfFloat(p.user.Seconds()), "cpuSystemSeconds", value.OfFloat(p.system.Seconds()),
			"virtualBytes", value.OfInt(p.virtual), "residentBytes", value.OfInt(p.resident),
			"openFds", value.OfInt(p.open), "maxFds", value.OfInt(p.limit), "startTime", value.OfTime(p.start.UTC()))).AppendJSON(b)
}

// prometheusMetrics is the text format that scrapers read, version 0.0.4.
func prometheusMetrics(b []byte, m *metrics) []byte {
	family := func(name, kind, help string) {
		if len(b) > 0 {
			b = append(b, '\n')
		}
		b = fmt.Appendf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	}
	perSet := func(name, kind, help string, sample func(s *setMetrics) string) {
		name = "aro_featureset_" + name
		family(name, kind, help)
		for i := range m.sets {
			s := &m.sets[i]
			b = fmt.Appendf(b, "%s{featureset=\"%s\",activity=\"%s\"} %s\n", name, label(s.name), label(s.activity), sample(s))
		}
	}
	single := func(name, kind, help, sample string) {
		family(name, kind, help)
		b = fmt.Appendf(b, "%s %s\n", name, sample)
	}
	perSet("executions_total", "counter", "Total number of feature set executions", func(s *setMetrics) string { return fmt.Sprint(s.runs) })
	perSet("success_total", "counter", "Total successful executions", func(s *setMetrics) string { return fmt.Sprint(s.runs - s.failed) })
	perSet("failures_total", "counter", "Total failed executions", func(s *setMetrics) string { return fmt.Sprint(s.failed) })
	perSet("duration_ms_avg", "gauge", "Average execution duration in milliseconds", func(s *setMetrics) string { return fmt.Sprintf("%.2f", s.avg) })
	perSet("duration_ms_max", "gauge", "Maximum execution duration in milliseconds", func(s *setMetrics) string { return fmt.Sprintf("%.2f", s.max) })
	perSet("duration_ms_min", "gauge", "Minimum execution duration in milliseconds", func(s *setMetrics) string { return fmt.Sprintf("%.2f", s.min) })
	if len(m.refusals) > 0 {
		family("aro_refused_total", "counter", "Requests, connections and messages that were refused, dropped or closed")
		for _, r := range m.refusals {
			b = fmt.Appendf(b, "aro_refused_total{reason=\"%s\"} %d\n", label(r.Reason), r.N)
		}
	}
	if m.waiting >= 0 {
		single("aro_events_waiting", "gauge", "Events that survive whose handlers have not all ended well", fmt.Sprint(m.waiting))
	}
	if m.stale >= 0 {
		single("aro_engine_stale_seconds", "gauge", "Time for which nothing was heard of other machines, 0 while they are heard", fmt.Sprintf("%.1f", m.stale.Seconds()))
	}
	p := &m.process
	single("aro_application_uptime_seconds", "gauge", "Application uptime in seconds", fmt.Sprintf("%.2f", m.uptime.Seconds()))
	single("aro_process_cpu_user_seconds", "counter", "CPU time spent in user mode", fmt.Sprintf("%.4f", p.user.Seconds()))
	single("aro_process_cpu_system_seconds", "counter", "CPU time spent in system mode", fmt.Sprintf("%.4f", p.system.Seconds()))
	single("aro_process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes", fmt.Sprint(p.virtual))
	single("aro_process_resident_memory_bytes", "gauge", "Resident memory size in bytes", fmt.Sprint(p.resident))
	single("aro_process_open_fds", "gauge", "Number of open file descriptors", fmt.Sprint(p.open))
	single("aro_process_max_fds", "gauge", "Maximum number of file descriptors", fmt.Sprint(p.limit))
	single("aro_process_start_time_seconds", "gauge", "Process start time in Unix epoch seconds", fmt.Sprint(p.start.Unix()))
	return b
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func label(s string) string { return labelEscapes.Replace(s) }
