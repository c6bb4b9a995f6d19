package jobs

// WithoutPoll has only wakes lead to runs.
func WithoutPoll(o Options) Options {
	o.poll = never
	return o
}

// Ring makes all that is periodic due, as the leader's clock does.
func (j *Jobs) Ring() {
	for _, p := range j.periods {
		p.ring()
	}
}
