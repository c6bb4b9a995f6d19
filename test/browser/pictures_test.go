package browser

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// The pictures of the README: pages of a server with something on it. They are written
// to the folder that SKYTOWER_IMAGES names ('make pictures'), and are only taken, to see
// that they can be, where it names none.
func TestPictures(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.live(t)
	b := s.signUp(t)
	b.visit("/")
	b.picture("home")
	b.visit("/playground?model=parrot")
	b.chat("What is **bold**, and what is a `word`?")
	b.until("the model answers", `/You said/.test(document.querySelector("#panes")?.innerText ?? "")`)
	b.picture("playground")
	b.visit("/predictions")
	b.submit("main table a")
	b.picture("prediction")
	b.visit("/docs/api/createChatCompletion")
	b.picture("explorer")
	b.visit("/operator")
	b.picture("operator")
	b.size(1280, true)
	b.visit("/operator/models/parrot")
	b.picture("model-dark")
}

// picture takes what is seen of the page.
func (b *tab) picture(name string) {
	b.t.Helper()
	const quality = 80 // words stay sharp, at a third of a PNG's size
	var taken []byte
	b.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		taken, err = page.CaptureScreenshot().WithFormat(page.CaptureScreenshotFormatWebp).WithQuality(quality).Do(ctx)
		return err
	}))
	if len(taken) == 0 {
		b.t.Errorf("there is no picture of %s", name)
	}
	folder := os.Getenv("SKYTOWER_IMAGES")
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, name+".webp"), taken, 0o600); err != nil {
		b.t.Error(err)
	}
}
