package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"skytower/internal/skytells"
)

type runCommand struct {
	accountKey
	Model   string        `arg:"" help:"The model, by its slug."`
	Set     []string      `short:"i" sep:"none" placeholder:"NAME=VALUE" help:"One input; may be given several times. Numbers, lists and so on are told by the model's schema. @FILE is a file, @- standard input, @@ a text that begins with @."`
	Input   string        `placeholder:"JSON" help:"The whole input as a JSON object, from @FILE or, with -, from standard input; inputs of -i are put into it."`
	Wait    bool          `negatable:"" default:"true" help:"Wait for the end (the default); --no-wait prints the prediction's id at once."`
	Output  string        `short:"o" placeholder:"DIR" help:"Save what it puts out in this folder, and print the paths."`
	Timeout time.Duration `placeholder:"TIME" help:"Stop waiting after this time, such as 10m; the prediction goes on."`
	Verbose bool          `short:"v" help:"Also show the lines that the model logs."`
}

// Run makes the prediction. Until it is made, an interrupt just ends the command; then
// the first one asks the server to cancel, and the second leaves.
func (r *runCommand) Run(ctx context.Context, s *session) error {
	if err := r.check(); err != nil {
		return err
	}
	c, err := r.connect(s)
	if err != nil {
		return err
	}
	defer c.CloseIdle()
	to, err := openFolder(r.Output)
	if err != nil {
		return err
	}
	defer to.close()
	input, err := r.input(ctx, s, c)
	if err != nil {
		return err
	}
	work, stop := s.patient(ctx)
	defer stop()
	p, err := c.CreatePrediction(work, skytells.PredictionRequest{Model: r.Model, Input: input})
	if err != nil {
		return left(work, nearModel(work, c, r.Model, err), "the prediction may have been made; 'skytower predictions list' shows it")
	}
	if !r.Wait {
		s.note("Made a prediction; 'skytower predictions get ID' shows it:")
		return s.show(p, func(t *table) { t.row(p.ID) })
	}
	if p, err = r.await(ctx, work, s, c, p); err != nil {
		return err
	}
	if ctx.Err() == nil {
		work = ctx // while files are saved, the first interrupt leaves
	}
	return s.finished(work, c, p, to)
}

func (r *runCommand) check() error {
	switch {
	case !r.Wait && (r.Output != "" || r.Timeout != 0 || r.Verbose):
		return usagef("--no-wait leaves at once, so that -o, --timeout and -v have nothing to do; 'skytower predictions get ID -o DIR' saves the outputs later")
	case r.Timeout < 0:
		return usagef("--timeout must be a time above 0, such as 10m")
	}
	return nil
}

var errTimeout = errors.New("timeout")

// await follows the prediction to its end.
func (r *runCommand) await(ctx, work context.Context, s *session, c *skytells.Client, p skytells.Prediction) (skytells.Prediction, error) {
	if r.Timeout > 0 {
		var done context.CancelFunc
		work, done = context.WithTimeoutCause(work, r.Timeout, errTimeout)
		defer done()
	}
	bar := newProgress(s.Stderr, s.lively())
	defer bar.close()
	if !s.JSON {
		bar.say("Prediction " + p.ID)
	}
	bar.tell(p)
	defer onEnd(ctx, func() { cancelOnServer(work, c, p.ID, bar) })()
	f := &follower{s: s, client: c, id: p.ID, told: func(e skytells.PredictionEvent) { bar.event(e, r.Verbose) }}
	ended, err := f.follow(work)
	if errors.Is(err, errTimeout) {
		return p, fmt.Errorf("prediction %s has not ended within %s; it goes on: skytower predictions get %s", p.ID, r.Timeout, p.ID)
	}
	if err != nil {
		return p, left(work, err, "prediction "+p.ID+" may go on: skytower predictions get "+p.ID)
	}
	return ended, nil
}

// cancelOnServer asks for the end; the stream then tells it.
func cancelOnServer(ctx context.Context, c *skytells.Client, id string, bar *progress) {
	bar.say("Asking the server to cancel; interrupt again to leave.")
	if _, err := c.CancelPrediction(ctx, id); err != nil && ctx.Err() == nil {
		bar.say("It could not be cancelled: " + err.Error())
	}
}

// left says what remains behind after a second interrupt, and keeps other errors.
func left(work context.Context, err error, what string) error {
	if errors.Is(context.Cause(work), errLeft) {
		return errors.New("left; " + what)
	}
	return err
}

// event shows an event of the stream.
func (p *progress) event(e skytells.PredictionEvent, logs bool) {
	if e.Prediction != nil {
		p.tell(*e.Prediction)
	}
	if logs {
		for _, line := range e.Lines {
			p.say(line)
		}
	}
}
