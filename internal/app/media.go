package app

import (
	"skytower/internal/api"
	"skytower/internal/api/media"
)

// mediaRows are OpenAI's routes of pictures and sound, over the models of predictions.
func (a *App) mediaRows(surface string) []api.Route {
	h := &media.Handlers{
		Catalog: a.catalog, Predictions: a.predictions, Files: a.files, Balances: a.ledger, Public: a.cfg.PublicURL,
		MaxBody: a.cfg.MaxBody, MaxUpload: a.cfg.Predictions.MaxUpload, MaxWait: a.cfg.Predictions.MediaWait, KeepAlive: a.cfg.KeepAlive, Surface: surface,
	}
	return h.Rows()
}
