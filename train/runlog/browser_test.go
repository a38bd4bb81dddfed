package runlog_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/train/runlog"
)

//go:embed testdata/measure.js
var measure string

// chromium returns the path of the browser.
func chromium(t *testing.T) string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no chromium here: the report is not looked at in a browser")
	return ""
}

// A view is what measure.js finds in a frame.
type view struct {
	Width, Scroll        int
	Dark                 bool
	Pictures, Scripts    int
	Title                string
	Faint, Beyond, Small []string
	PictureWidths        []int
	Resources            int
}

// browse shows a report in frames and returns what the page finds in them, and what
// the browser says on its console.
func browse(t *testing.T, report string, widths ...int) (views []view, console []string) {
	path := chromium(t)
	var page strings.Builder
	page.WriteString("<!DOCTYPE html><meta charset=utf-8><title>frames</title><script>" + measure + "</script>")
	for _, w := range widths {
		for _, scheme := range []string{"light", "dark"} {
			fmt.Fprintf(&page, `<iframe style="color-scheme:%s;width:%dpx;height:900px;border:0" srcdoc="%s"></iframe>`, scheme, w, html.EscapeString(report))
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "frames.html")
	require.NoError(t, os.WriteFile(file, []byte(page.String()), 0o666))
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--enable-logging=stderr", "--dump-dom", "file://"+file)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	_, found, ok := strings.Cut(string(out), `<pre id="found">`)
	require.True(t, ok, "the page found nothing: %s", stderr.String())
	found, _, _ = strings.Cut(found, "</pre>")
	require.NoError(t, json.Unmarshal([]byte(html.UnescapeString(found)), &views))
	require.Len(t, views, 2*len(widths))
	for _, l := range strings.Split(stderr.String(), "\n") {
		if strings.Contains(l, "CONSOLE") {
			console = append(console, l)
		}
	}
	return views, console
}

// reportOf trains a small network in which the Doctor finds something, and returns
// its report.
func reportOf(t *testing.T, f *runlog.Folder) string {
	f.Dir = t.TempDir()
	_, err := sick(t, 3, f).Run(background)
	require.NoError(t, err)
	b, err := os.ReadFile(filepath.Join(f.Dir, "report.html"))
	require.NoError(t, err)
	return string(b)
}

const nasty = `</title><script>alert("1")</script> & Co.`

// In a browser the report is readable, wide and narrow, light and dark, fetches
// nothing, runs nothing, and gives the console nothing to say.
func TestReportInBrowser(t *testing.T) {
	chromium(t)
	report := reportOf(t, &runlog.Folder{
		Title: nasty, Classes: []string{"yin", nasty, "dot"},
		Config: map[string]any{"a very long setting without a single space in it": strings.Repeat("0123456789", 20)},
		Resume: "go run ./examples/yinyang -resume " + strings.Repeat("-with many flags ", 10),
	})
	views, console := browse(t, report, 320, 400, 800, 1440)
	require.Empty(t, console)
	for i, v := range views {
		t.Run(fmt.Sprintf("%d px, dark %t", v.Width, v.Dark), func(t *testing.T) {
			require.Equal(t, i%2 == 1, v.Dark)
			require.Equal(t, []int{320, 400, 800, 1440}[i/2], v.Width)
			require.LessOrEqual(t, v.Scroll, v.Width, "the page is wider than the window")
			require.Empty(t, v.Beyond)
			require.Empty(t, v.Faint, "text hard to read")
			require.Empty(t, v.Small)
			require.Equal(t, nasty, v.Title)
			require.Zero(t, v.Scripts)
			require.Zero(t, v.Resources)
			// Six curves, two rasters and four parameters; the rates of the layer are all 0.
			require.Equal(t, 6+2+4, v.Pictures)
			for _, w := range v.PictureWidths {
				require.Greater(t, w, min(v.Width-80, 280))
				require.Less(t, w, v.Width)
			}
		})
	}
}

// The browser would say so if the report wanted something from elsewhere, and the
// page if it were too wide or hard to read: these tests can fail.
func TestBrowserSees(t *testing.T) {
	chromium(t)
	report := reportOf(t, &runlog.Folder{})
	broken := strings.Replace(report, "</main>",
		`<img src="http://localhost:1/x.png"><script>alert(1)</script><div style="width:2000px;color:#999;background:#aaa">wide</div></main>`, 1)
	views, console := browse(t, broken, 400)
	require.NotEmpty(t, console)
	require.Contains(t, strings.Join(console, "\n"), "Content Security Policy")
	require.Greater(t, views[0].Scroll, 2000)
	require.NotEmpty(t, views[0].Beyond)
	require.NotEmpty(t, views[0].Faint)
	require.Equal(t, 1, views[0].Scripts)
}

// Without a browser: what is written is escaped, and nothing is to be fetched.
func TestReport(t *testing.T) {
	report := reportOf(t, &runlog.Folder{Title: nasty, Classes: []string{"yin", nasty, "dot"}, Dt: 2e-3})
	require.NotContains(t, report, "<script")
	require.NotContains(t, report, "alert(\"1")
	require.NotContains(t, report, "ZgotmplZ") // what html/template writes in the place of what it does not trust
	require.Contains(t, report, `content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`)
	for _, link := range regexp.MustCompile(`(?:href|src|url|action)\s*[=(]\s*["']?([^"')]*)`).FindAllStringSubmatch(report, -1) {
		require.True(t, strings.HasPrefix(link[1], "data:image/png;base64,"), link[0])
	}
	for _, want := range []string{
		"3 of 3", "finished", "Silent layer: hidden", "Validation accuracy", "hidden.rate", "0.linear.w", "2.linear.b", "Firing rates of hidden",
		"Synaptic operations", "LIF{TauSynInv: 200", "SuperSpike{Alpha: 10}", "Adam{LearningRate: 1e-06}", "log.jsonl", "40 samples of the validation set",
	} {
		require.Contains(t, report, want)
	}
	require.Less(t, len(report), 1<<20)
}
