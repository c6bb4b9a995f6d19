package inference

// OnJoined hears of each request that waits for an equal one.
func (recall *Recall) OnJoined(heard func()) { recall.flights.joined = heard }
